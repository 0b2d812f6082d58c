// API keys: one is shown once, then revoked, allowed again and deleted; one may do a part only.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a key is shown once, then revoked and deleted', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/api-keys');
  await page.getByRole('button', { name: 'New key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByLabel('Name').fill('Bookkeeping');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const key = await page.getByTestId('secret').innerText();
  assert.match(key, /^ak_[0-9a-f]{32}$/);
  assert.equal((await fetch(`${URL_}/api/v1/calls`, { headers: { authorization: `Bearer ${key}` } })).status, 200);
  await page.getByRole('dialog', { name: 'Your new key' }).getByRole('button', { name: 'Close' }).last().click();
  await page.getByTestId('secret').waitFor({ state: 'detached' });
  assert.ok(!(await page.content()).includes(key));
  await page.getByRole('button', { name: 'Revoke Bookkeeping' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Allow again Bookkeeping' }).waitFor();
  assert.equal((await fetch(`${URL_}/api/v1/calls`, { headers: { authorization: `Bearer ${key}` } })).status, 401);
  await page.getByRole('button', { name: 'Delete Bookkeeping' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Bookkeeping').first().waitFor({ state: 'detached' });
  clean(page, 'the keys');
  await page.context().close();
});

test('a key that may see numbers sees nothing else', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/api-keys');
  await page.getByRole('button', { name: 'New key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByLabel('Name').fill('Switchboard');
  await dialog.getByRole('checkbox', { name: 'see virtual numbers' }).check();
  await shot(page, 'key-scopes');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const authorization = `Bearer ${await page.getByTestId('secret').innerText()}`;
  const asked = async (path) => (await fetch(URL_ + path, { headers: { authorization } })).status;
  assert.deepEqual([await asked('/api/v1/numbers'), await asked('/api/v1/calls')], [200, 403]);
  await page.getByRole('dialog', { name: 'Your new key' }).getByRole('button', { name: 'Close' }).last().click();
  const row = page.getByRole('row').filter({ hasText: 'Switchboard' });
  await row.getByText('numbers:read').waitFor();
  const { id } = (await ask('GET', '/api/v1/api-keys')).data.find(({ name }) => name === 'Switchboard');
  await ask('DELETE', `/api/v1/api-keys/${id}`);
  clean(page, 'the scopes of a key');
  await page.context().close();
});
