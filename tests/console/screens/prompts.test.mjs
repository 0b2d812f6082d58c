// Prompts: written with variables that are looked over, refused by its name, changed and deleted.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a prompt is written, looked over, refused for its name, and kept', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/prompts/new');
  await page.getByLabel('Name').fill('Not A Slug');
  const text = page.getByRole('textbox', { name: 'What it says' });
  await text.click();
  await page.keyboard.type('Remind them of {{system.curent_date}} and {{crm.when}}.');
  const lint = page.getByTestId('lint');
  await lint.getByText('Nobody fills in {{system.curent_date}}').waitFor();
  await lint.getByRole('button').first().click();
  await page.keyboard.type('tomorrow');
  await lint.getByText('Nothing stands out').waitFor();
  await page.getByRole('button', { name: 'Insert a variable' }).click();
  await page.getByRole('menuitem', { name: /call.display_name/ }).click();
  await shot(page, 'prompt-editor');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('alert').or(page.locator('input[aria-invalid=true]')).first().waitFor();
  await page.getByLabel('Name').fill('tomorrow');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'tomorrow' }).waitFor();
  assert.equal((await ask('GET', '/api/v1/prompts/tomorrow')).text, 'Remind them of tomorrow{{call.display_name}} and {{crm.when}}.');
  await page.getByRole('button', { name: 'Delete tomorrow' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { level: 1, name: 'Prompts' }).waitFor();
  clean(page, 'the prompts');
  await page.context().close();
});
