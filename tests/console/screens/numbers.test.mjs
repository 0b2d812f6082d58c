// Virtual numbers: one is made, a taken one is refused, and it goes again.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible, answered, clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
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

test('a number shows how its calls went, and one without calls says so', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  const [{ id, number, bot_id }] = (await ask('GET', '/api/v1/numbers')).data.filter(({ name }) => name === 'desk');
  await go(page, `/numbers/${id}`);
  const section = page.getByRole('region', { name: 'Calls to this number' });
  await section.getByTestId('series').waitFor();
  await section.getByText('30 days', { exact: true }).click();
  await section.locator('[data-span=month]').waitFor();
  const n = Number(await section.locator('dt', { hasText: /^Calls$/ }).locator('xpath=following-sibling::dd').innerText());
  const days = (plus) => new Date(Date.now() + plus * 86_400_000).toISOString();
  const { total } = await ask('GET', `/api/v1/analytics/calls?bucket=day&number=${number}&from=${days(-32)}&to=${days(1)}`);
  assert.ok(n > 0 && n === total.n_calls, `${n} of ${total.n_calls} calls`);
  await section.scrollIntoViewIfNeeded();
  await settled(page);
  await shot(page, 'number-figures');
  await accessible(page, 'the figures of a number');
  const silent = await ask('POST', '/api/v1/numbers', { name: 'Silent', number: '1099', bot_id, visibility: 'public' });
  await go(page, `/numbers/${silent.id}`);
  await page.getByRole('region', { name: 'Calls to this number' }).getByText('No finished calls in this time').waitFor();
  await ask('DELETE', `/api/v1/numbers/${silent.id}`);
  clean(page, 'the figures of a number');
  await page.context().close();
});
