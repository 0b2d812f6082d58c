// A carrier: its numbers with the bot that answers each, and a check of the way there that says what is wrong.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('numbers are led to a bot, and a carrier that is not there is called so, on the overview too', { timeout: 180_000 }, async () => {
  const carrier = await ask('POST', '/api/v1/carriers', {
    name: 'Nowhere',
    sip_address: '127.0.0.1:10',
    options_interval_seconds: 1,
    inbound_auth_mode: 'ip',
    inbound_allowed_addresses: ['127.0.0.1'],
  });
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/carriers/${carrier.id}`);
  await page.getByRole('button', { name: 'New number' }).click();
  const dialog = page.getByRole('dialog', { name: 'New number' });
  await dialog.getByLabel('Number').fill('no number');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.locator('[aria-invalid=true]').first().waitFor();
  await dialog.getByLabel('Number').fill('+35621555001');
  await dialog.getByLabel('Name').fill('Support line');
  await dialog.getByLabel('Answered by').selectOption({ label: 'demo reception' });
  await dialog.getByRole('button', { name: 'Create' }).click();
  const row = page.getByRole('row').filter({ hasText: '+35621555001' });
  await row.getByText('demo reception').waitFor();
  await page.getByRole('button', { name: 'Check the way now' }).click();
  await page.getByTestId('trunk-verdict').waitFor({ timeout: 60_000 });
  assert.match(await page.getByTestId('trunk-verdict').innerText(), /does not answer|could not be asked/);
  await shot(page, 'carrier-check');
  await row.getByRole('button', { name: 'Delete +35621555001' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No numbers yet').waitFor();
  await until('the state of the carrier', async () => (await ask('GET', `/api/v1/carriers/${carrier.id}`)).lk_sync_status === 'error', 90_000);
  await go(page, '/');
  const alert = page.getByRole('alert').filter({ hasText: '1 carrier does not work' });
  await alert.waitFor({ timeout: 45_000 });
  await shot(page, 'overview-trouble');
  await alert.getByRole('link', { name: 'Nowhere' }).click();
  await page.getByRole('heading', { level: 1, name: 'Nowhere' }).waitFor();
  clean(page, 'the carrier');
  await ask('DELETE', `/api/v1/carriers/${carrier.id}`);
  await page.context().close();
});
