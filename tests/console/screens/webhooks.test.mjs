// Webhooks: one is tested, its log looked into, a delivery sent again, paused, resumed, and recovered since a time.
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a delivery is tested, looked into and sent again', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  const [webhook] = (await ask('GET', '/api/v1/webhooks')).data;
  await go(page, `/webhooks/${webhook.id}`);
  await page.getByRole('button', { name: 'Send a test' }).click();
  const log = page.getByRole('table', { name: 'Deliveries' });
  // Other deliveries may come above it meanwhile: calls of other tests end when they end.
  await log.getByRole('button', { name: 'webhook.test' }).first().click();
  const drawer = page.getByRole('dialog', { name: 'webhook.test' });
  await drawer.getByText('thank you').waitFor();
  await drawer.getByText('"event": "webhook.test"').waitFor();
  await shot(page, 'webhook-delivery');
  await drawer.getByRole('button', { name: 'Send again' }).click();
  await page.getByText(/Sent again/).first().waitFor();
  await drawer.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText(/^Paused: /).waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('button', { name: 'Recover' }).click();
  const recovery = page.getByRole('dialog', { name: 'Send again what was missed' });
  await recovery.getByLabel('Since').fill('');
  await recovery.getByRole('button', { name: 'Recover' }).click();
  await recovery.getByText('must be a day and a time').waitFor();
  await recovery.getByLabel('Since').fill('2026-01-01T08:30');
  await recovery.getByRole('button', { name: 'Recover' }).click();
  await page.getByText(/\d+ deliver(y is|ies are) sent again, \d+ events? for the first time/).waitFor();
  clean(page, 'the webhook');
  await page.context().close();
});
