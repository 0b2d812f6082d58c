// People: made with a good password only, linked to another identity provider; the audit log says so and its chain is checked.
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

test('a person is made with a good password only, and the audit log says so', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/users');
  await page.getByRole('button', { name: 'New user' }).click();
  const dialog = page.getByRole('dialog', { name: 'New user' });
  await dialog.getByLabel('User name').fill('peter');
  await dialog.getByLabel('E-mail').fill('peter@example.com');
  await dialog.getByRole('textbox', { name: 'Password' }).fill('short');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('a password has 8 to 1024 bytes').waitFor();
  await dialog.getByRole('textbox', { name: 'Password' }).fill('long-enough-for-everybody');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('cell', { name: 'peter', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Edit peter' }).click();
  const change = page.getByRole('dialog', { name: 'Change peter' });
  const links = change.getByRole('region', { name: 'Signing in with another provider' });
  await links.getByRole('button', { name: 'Link' }).click();
  await links.locator('[aria-invalid=true]').or(links.getByRole('alert')).first().waitFor();
  await links.getByLabel('Provider').fill('https://login.example.com');
  await links.getByLabel('Its name for the person').fill('peter-7');
  await links.getByRole('button', { name: 'Link' }).click();
  await links.getByText('peter-7 · https://login.example.com').waitFor();
  await shot(page, 'user-links');
  await links.getByRole('button', { name: 'Delete peter-7' }).click();
  await page.getByRole('dialog', { name: 'Delete peter-7?' }).getByRole('button', { name: 'Delete' }).click();
  await links.getByText('peter-7 · https://login.example.com').waitFor({ state: 'detached' });
  await change.getByRole('button', { name: 'Cancel' }).click();
  await go(page, '/audit');
  await page.getByRole('table', { name: 'Audit log' }).getByText('user.create').first().waitFor();
  await page.getByRole('button', { name: 'Check the chain' }).click();
  await page.getByText(/The chain of .* rows is whole/).waitFor();
  clean(page, 'the people');
  await page.context().close();
});
