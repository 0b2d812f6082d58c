// Telephones of people: an account whose password is shown once, a new password, and the end of the account.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('an account is made for a person, gets another password and goes', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/phones');
  await page.getByRole('button', { name: 'New account' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New account' });
  await dialog.getByLabel(/^Person/).fill('nobody of that name');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('alert').or(dialog.locator('[aria-invalid=true]')).first().waitFor();
  await dialog.getByLabel(/^Person/).fill('agent');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const account = page.getByRole('dialog', { name: 'Account of agent' });
  const password = await account.getByTestId('secret').innerText();
  assert.ok(password.length >= 12);
  await shot(page, 'phone-account');
  await account.getByRole('button', { name: 'Close' }).last().click();
  await page.getByTestId('secret').waitFor({ state: 'detached' });
  assert.ok(!(await page.content()).includes(password));
  await page.getByRole('table', { name: 'Telephones' }).getByText('none registered').waitFor();
  await page.getByRole('button', { name: 'New password agent' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'New password' }).click();
  assert.notEqual(await account.getByTestId('secret').innerText(), password);
  await account.getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Delete agent' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No account yet').waitFor();
  assert.equal((await ask('GET', '/api/v1/phones')).total, 0);
  clean(page, 'the telephones');
  await page.context().close();
});
