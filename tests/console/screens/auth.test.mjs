// Signing in and out, roles, and a session that ends while somebody types.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PASSWORD } from '../support/appliance.mjs';
import { clean, close, go, prove, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

test('a wrong password is refused in words, and the right one opens the screen that was asked for', async () => {
  const page = await visitor(URL_);
  await page.goto('/bots');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await prove(page, 'olivia', 'not this one at all');
  await page.getByRole('alert').waitFor();
  await prove(page, 'olivia', PASSWORD);
  await page.getByRole('heading', { level: 1, name: 'Bots' }).waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...window.localStorage }, { ...window.sessionStorage }]));
  assert.doesNotMatch(kept, /eyJ/, 'no token lies in the storage of the browser');
  clean(page, 'the sign-in');
  await page.context().close();
});

for (const [role, sees, misses] of [
  ['agent', ['Status', 'Manual', 'API reference'], ['Calls', 'Bots', 'Users']],
  ['supervisor', ['Overview', 'Live monitor', 'Calls', 'Manual'], ['Bots', 'Webhooks', 'Users']],
  ['admin', ['Calls', 'Bots', 'Webhooks', 'Users', 'Audit log'], []],
]) {
  test(`the menu of ${role} has what the role may do`, async () => {
    const page = await visitor(URL_);
    await signIn(page, role);
    const menu = page.getByRole('navigation', { name: 'Main navigation' });
    for (const name of sees) assert.equal(await menu.getByRole('link', { name, exact: true }).count(), 1, `${role} sees ${name}`);
    for (const name of misses) assert.equal(await menu.getByRole('link', { name, exact: true }).count(), 0, `${role} misses ${name}`);
    if (misses.length > 0) {
      await go(page, '/users');
      await page.getByText('Your role does not allow this').waitFor();
    }
    clean(page, `the menu of ${role}`);
    await page.context().close();
  });
}

test('a session that ends keeps what was typed', async () => {
  const page = await visitor(URL_);
  await signIn(page, 'olivia', '/');
  await go(page, '/webhooks/new');
  await page.getByLabel('Address').fill('https://hooks.example.com/kept');
  let isRefused = false;
  await page.route('**/api/v1/webhooks', (route) => {
    if (isRefused || route.request().method() !== 'POST') return route.continue();
    isRefused = true;
    return route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":"unauthorized","error_description":"the token has expired"}' });
  });
  await page.route('**/oidc.ashx/token', (route) =>
    (route.request().postData() ?? '').includes('refresh_token=') ? route.fulfill({ status: 400, contentType: 'application/json', body: '{"error":"invalid_grant"}' }) : route.continue(),
  );
  await page.getByRole('button', { name: 'Create' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  assert.match(await page.getByTestId('secret').innerText(), /^[0-9a-f]{64}$/);
  clean(page, 'the expired session');
  await page.context().close();
});

test('the console speaks German to a German browser, and the choice is kept', async () => {
  const page = await visitor(URL_, { locale: 'de-DE' });
  await page.goto('/');
  await page.getByRole('heading', { name: 'Bei cxbox anmelden' }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await signIn(page);
  await page.getByRole('heading', { level: 1, name: 'Übersicht' }).waitFor();
  await page.getByRole('button', { name: /Angemeldet als/ }).click();
  await page.getByRole('menuitem', { name: 'English' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: /Signed in as/ }).click();
  // The console leaves for the end of the session at the identity provider; going elsewhere before would leave that undone.
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/logout\b/);
  await page.goto('/');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  clean(page, 'two languages');
  await page.context().close();
});
