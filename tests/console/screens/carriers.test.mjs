// Carriers: refused at their fields, with a password that never comes back; their numbers with the bot that answers each; one that is not there.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { answered, clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a carrier with a wrong address is refused at the field, and its password never comes back', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/carriers/new');
  await page.getByLabel(/^Name/).fill('Malta line');
  await page.getByLabel('SIP address').fill('sip:x');
  await page.getByLabel('Allowed addresses').fill('203.0.113.0/24');
  const out = page.getByRole('group', { name: 'Calling out' });
  await out.getByLabel('User name').fill('account');
  await out.getByRole('textbox', { name: 'Password' }).fill('not-to-be-seen');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  assert.equal(await page.getByLabel('SIP address').getAttribute('aria-invalid'), 'true');
  await page.getByLabel('SIP address').fill('sip.example.com:5060');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Malta line' }).waitFor();
  assert.doesNotMatch(await page.content(), /not-to-be-seen/);
  const { id } = (await ask('GET', '/api/v1/carriers')).data.find(({ name }) => name === 'Malta line');
  const encryption = page.getByRole('combobox', { name: 'Encrypted sound (SRTP)' });
  await encryption.selectOption('required');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/can be required with the transport tls only/).waitFor();
  assert.equal(await encryption.getAttribute('aria-invalid'), 'true');
  await page.getByLabel('Transport').selectOption('tls');
  await page.getByRole('group', { name: 'For both ways, where nothing stands above' }).getByLabel('User name').fill('both');
  await answered(page, 'PUT', `/api/v1/carriers/${id}`, () => page.getByRole('button', { name: 'Save' }).click());
  const carrier = await ask('GET', `/api/v1/carriers/${id}`);
  assert.deepEqual(
    [carrier.media_encryption, carrier.auth_username, carrier.has_outbound_auth_password],
    ['required', 'both', true],
    'saving again keeps the password',
  );
  await ask('DELETE', `/api/v1/carriers/${carrier.id}`);
  clean(page, 'the carrier');
  await page.context().close();
});

test('numbers are led to a bot, and a carrier that is not there is called so, on the overview too', { timeout: 300_000 }, async () => {
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
  await until('the state of the carrier', async () => (await ask('GET', `/api/v1/carriers/${carrier.id}`)).lk_sync_status === 'error', 180_000);
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
