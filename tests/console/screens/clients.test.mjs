// Programs that let people sign in here: registered with a secret that is shown once, changed, given another secret, removed.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a client is registered, changed and removed by an owner, and only read by an administrator', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/clients');
  await page.getByRole('button', { name: 'New client' }).click();
  const dialog = page.getByRole('dialog', { name: 'New client' });
  await dialog.getByLabel('What people are told they sign in to').fill('Wiki');
  await dialog.getByLabel('Addresses after signing in').fill('ftp://wiki.example.com/back');
  await dialog.getByLabel(/^It has a secret/).check();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.locator('[aria-invalid=true]').first().waitFor();
  await shot(page, 'client-refused');
  await dialog.getByLabel('Addresses after signing in').fill('https://wiki.example.com/back\nhttps://wiki.example.com/other');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const secret = await page.getByTestId('secret').innerText();
  assert.ok(secret.length >= 32);
  await page.getByRole('dialog', { name: 'Secret of Wiki' }).getByRole('button', { name: 'Close' }).last().click();
  await page.getByTestId('secret').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Edit Wiki' }).click();
  await page.getByRole('dialog').getByLabel('What people are told they sign in to').fill('Our wiki');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'New secret Our wiki' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'New secret' }).click();
  assert.notEqual(await page.getByTestId('secret').innerText(), secret);
  await page.getByRole('dialog', { name: 'Secret of Our wiki' }).getByRole('button', { name: 'Close' }).last().click();
  const stored = (await ask('GET', '/api/v1/oidc/clients')).data.find(({ description }) => description === 'Our wiki');
  assert.equal(stored.redirect_uris.length, 2);
  await page.getByRole('button', { name: 'Delete Our wiki' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Our wiki').first().waitFor({ state: 'detached' });
  clean(page, 'the clients');
  await page.context().close();
  const admin = await visitor(URL_);
  await signIn(admin, 'admin');
  await go(admin, '/clients');
  await admin.getByText('The console of this box').waitFor();
  assert.equal(await admin.getByRole('button', { name: 'New client' }).count(), 0);
  clean(admin, 'the clients of an administrator');
  await admin.context().close();
});
