// Inbound routes: added, asked which of them takes a call, and put in order by dragging, by keys, and when somebody else was faster.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

const ROUTES = '/api.ashx/v1/inbound-routes';
const MADE = ['7001', '7002', '7003'];
const OWN = [...MADE, '7004'];
/** Our routes in the order that is stored; other tests may have some of their own. */
const stored = async () => (await ask('GET', `${ROUTES}?limit=500`)).data.map(({ did }) => did).filter((did) => OWN.includes(did));
const isOrder = (...dids) => until(`the order ${dids}`, async () => (await stored()).join() === dids.join());

test('a route is added, and one can ask which row takes a call', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/routes');
  await page.getByRole('button', { name: 'New route' }).click();
  const dialog = page.getByRole('dialog', { name: 'New route' });
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('alert').or(dialog.locator('[aria-invalid=true]')).first().waitFor();
  await dialog.getByLabel('Dialled number').fill('+35621111111');
  await dialog.getByLabel('Only from').fill('+44*');
  await dialog.getByLabel('Goes to').fill('desk');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.waitFor({ state: 'detached' });
  const answer = page.getByTestId('which-row');
  await page.getByLabel('A call for').fill('35621111111');
  await page.getByLabel('from', { exact: true }).fill('+447700900123');
  await answer.getByText(/Row 1 takes it: desk/).waitFor();
  await page.getByLabel('from', { exact: true }).fill('+15550100');
  await answer.getByText(/Row 2 takes it/).waitFor();
  await page.getByLabel('A call for').fill('1000');
  await answer.getByText(/virtual number desk has this number/).waitFor();
  await page.getByRole('button', { name: 'Delete +35621111111' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('cell', { name: '+35621111111', exact: true }).waitFor({ state: 'detached' });
  clean(page, 'the routes');
  await page.context().close();
});

test('rows are dragged, moved by keys, and put back when the server refuses', { timeout: 60_000 }, async () => {
  for (const did of MADE) await ask('POST', ROUTES, { did, user: 'desk' });
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/routes');
  const grip = (did) => page.getByRole('button', { name: `Move ${did}` });
  const row = (did) => page.getByRole('row').filter({ has: grip(did) });
  await grip('7003').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Move *' }).count(), 0, 'the catch-all stays last');
  const [from, to] = [await grip('7003').boundingBox(), await row('7001').boundingBox()];
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x + 30, to.y + to.height / 2, { steps: 8 });
  await page.locator('[data-held]').getByText('7003').waitFor();
  await shot(page, 'routes-dragged');
  await page.mouse.up();
  await isOrder('7003', '7001', '7002');
  await grip('7001').focus();
  await page.keyboard.press('ArrowDown');
  await isOrder('7003', '7002', '7001');
  await page.getByRole('status').getByText(/7001 is now in row \d/).waitFor({ state: 'attached' });
  await page.keyboard.press('Home');
  await isOrder('7001', '7003', '7002');
  assert.equal(await grip('7001').evaluate((button) => button === document.activeElement), true, 'the handle keeps the focus');
  await ask('POST', ROUTES, { did: '7004', user: 'desk' });
  await page.keyboard.press('End');
  await page.getByText(/routes have changed/i).waitFor();
  await grip('7004').waitFor();
  await isOrder('7001', '7003', '7002', '7004');
  const shown = await page.getByRole('table', { name: 'Inbound routes' }).locator('tbody tr td:nth-child(2)').allInnerTexts();
  assert.deepEqual(shown.filter((did) => OWN.includes(did)), ['7001', '7003', '7002', '7004'], 'as it is stored');
  assert.match(shown.at(-1), /everything else/);
  await shot(page, 'routes');
  for (const did of OWN) await ask('DELETE', `${ROUTES}/${did}`);
  clean(page, 'the routes');
  await page.context().close();
});
