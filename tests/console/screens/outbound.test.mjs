// Outbound calls: one is refused at its field, then placed and listed.
import { after, test } from 'node:test';
import { clean, close, go, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

test('an outbound call is refused at its field, then placed, and shows up in the list', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/outbound/new');
  await page.getByLabel('Phone number').fill('12');
  await page.getByRole('button', { name: 'Call now' }).click();
  await page.getByRole('alert').or(page.locator('[aria-invalid=true]')).first().waitFor();
  await page.getByLabel('Phone number').fill('+35699000001');
  await page.getByLabel(/^Name/).fill('Nobody there');
  await page.getByLabel('E-mail for the outcome').fill('olivia@example.com');
  await page.getByLabel('Instructions for this call alone').fill('Tell the opening hours.');
  await page.getByRole('button', { name: 'Call now' }).click();
  await page.getByRole('heading', { level: 1, name: 'Outbound calls' }).waitFor();
  // A link to its calls when an engine has dialled.
  await page.getByRole('table', { name: 'Outbound calls' }).getByRole('link', { name: 'Nobody there (+35699000001)' }).click({ timeout: 60_000 });
  await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
  await page.getByRole('table', { name: 'Calls' }).getByRole('link', { name: 'Nobody there' }).first().waitFor();
  clean(page, 'the outbound call');
  await page.context().close();
});
