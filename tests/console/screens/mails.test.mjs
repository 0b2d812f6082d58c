// Mails: one that the server refused is given up with its reason, and sent again when the reason is gone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';
import { MailServer } from '../support/smtp.mjs';

let server;
before(async () => {
  server = await MailServer.start();
});
after(async () => {
  await close();
  await ask('PUT', '/api/v1/settings/mail', { host: null, port: null, from: null, security: null });
  server.end();
});

test('a refused mail is sent again from its row', { timeout: 180_000 }, async () => {
  server.refuses = true;
  await ask('PUT', '/api/v1/settings/mail', { host: '127.0.0.1', port: server.port, from: 'cxbox@example.com', security: 'off' });
  await ask('POST', '/api.ashx/v1/calls', { phone: '+35699000002', displayName: 'Mail test', systemPrompt: 'Say hello.', email: 'far@example.com' });
  await until('the mail', async () => (await ask('GET', '/api/v1/mails?state=parked')).data.find(({ to }) => to === 'far@example.com'), 120_000);
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/mails');
  const row = page.getByRole('row').filter({ hasText: 'far@example.com' });
  await row.getByText('given up').waitFor();
  assert.match(await row.innerText(), /nobody of that name/);
  await shot(page, 'mails-parked');
  server.refuses = false;
  await row.getByRole('button', { name: 'Send again far@example.com' }).click();
  await page.getByText('It is on its way again').waitFor();
  await until('the letter', () => server.letters.find((letter) => letter.includes('far@example.com')));
  await page.getByLabel('State').selectOption('sent');
  await page.getByRole('row').filter({ hasText: 'far@example.com' }).waitFor();
  clean(page, 'the mails');
  await page.context().close();
});
