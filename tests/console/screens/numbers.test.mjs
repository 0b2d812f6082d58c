// Virtual numbers: one is made, a taken one is refused, and it goes again.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answered, clean, close, go, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a number is made, a taken one is refused, and it goes again after a question', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/numbers/new');
  await page.getByLabel(/^Name/).fill('Shop');
  await page.getByLabel(/^Number/).fill('1000');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('alert').or(page.locator('[aria-invalid=true]')).first().waitFor();
  await page.getByLabel(/^Number/).fill('1001');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Number Shop' }).waitFor();
  const { id } = (await ask('GET', '/api/v1/numbers')).data.find(({ name }) => name === 'Shop');
  await page.getByRole('combobox', { name: 'Transfers' }).selectOption('only');
  await page.getByLabel('Where calls may go').fill('*\n+356*');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByLabel('Where calls may go').and(page.locator('[aria-invalid=true]')).waitFor();
  await page.getByLabel('Where calls may go').fill('desk\n+356*');
  await page.getByLabel('Pause before the first word, in milliseconds').fill('700');
  await answered(page, 'PUT', `/api/v1/numbers/${id}`, () => page.getByRole('button', { name: 'Save' }).click());
  const stored = await ask('GET', `/api/v1/numbers/${id}`);
  assert.deepEqual([stored.start_ms, stored.transfer_allowed], [700, ['desk', '+356*']]);
  await page.getByRole('button', { name: 'Delete Shop' }).click();
  await page.getByRole('dialog', { name: 'Delete Shop?' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { level: 1, name: 'Virtual numbers' }).waitFor();
  assert.equal((await ask('GET', '/api/v1/numbers')).data.filter(({ name }) => name === 'Shop').length, 0);
  clean(page, 'the number');
  await page.context().close();
});
