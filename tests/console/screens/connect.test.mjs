// Webhooks with their secret, tests and log; API keys; people; the audit log; the manual; the API reference; the old pages.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a delivery is tested, looked into and sent again', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  const [webhook] = (await ask('GET', '/api/v1/webhooks')).data;
  await go(page, `/webhooks/${webhook.id}`);
  await page.getByRole('button', { name: 'Send a test' }).click();
  const log = page.getByRole('table', { name: 'Deliveries' });
  // Other deliveries may come above it meanwhile: calls of other tests end when they end.
  await log.getByRole('button', { name: 'webhook.test' }).first().click();
  const drawer = page.getByRole('dialog', { name: 'webhook.test' });
  await drawer.getByText('thank you').waitFor();
  await drawer.getByText('"event": "webhook.test"').waitFor();
  await shot(page, 'webhook-delivery');
  await drawer.getByRole('button', { name: 'Send again' }).click();
  await page.getByText(/Sent again/).first().waitFor();
  await drawer.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText(/^Paused: /).waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('button', { name: 'Recover' }).click();
  const recovery = page.getByRole('dialog', { name: 'Send again what was missed' });
  await recovery.getByLabel('Since').fill('');
  await recovery.getByRole('button', { name: 'Recover' }).click();
  await recovery.getByText('must be a day and a time').waitFor();
  await recovery.getByLabel('Since').fill('2026-01-01T08:30');
  await recovery.getByRole('button', { name: 'Recover' }).click();
  await page.getByText(/\d+ deliver(y is|ies are) sent again, \d+ events? for the first time/).waitFor();
  clean(page, 'the webhook');
  await page.context().close();
});

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

test('the manual is searched, and the palette leads everywhere', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.getByLabel('Where to?').fill('manual');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Manual' }).waitFor();
  await page.getByLabel('Search the manual').fill('signature');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /Webhooks/ }).click();
  await page.getByRole('article').getByRole('heading', { name: 'Webhooks' }).waitFor();
  await page.getByRole('article').getByRole('link', { name: 'events.md' }).first().click();
  await page.waitForURL(/\/docs\/events$/);
  await page.waitForFunction(() => window.scrollY === 0);
  await go(page, '/docs/settings#browser');
  await page.waitForFunction(() => Math.abs(document.querySelector('#browser')?.getBoundingClientRect().top ?? 1e6) < window.innerHeight);
  await go(page, '/reference');
  await page.getByLabel('Path or words').fill('deliveries resend');
  await page.getByText('/api/v1/webhooks/{id}/deliveries/{delivery_id}/resend').waitFor();
  clean(page, 'the words');
  await page.context().close();
});

test('the old pages open their screens', async () => {
  for (const [old, now] of [
    ['/api-keys-admin.html', 'API keys'],
    ['/webhooks-admin.html', 'Webhooks'],
    ['/outbound-ai-monitor.html', 'Outbound calls'],
    ['/virtual-numbers.html', 'Virtual numbers'],
    ['/status.html', 'Status'],
  ]) {
    const page = await visitor(URL_);
    await signIn(page, 'olivia', old);
    await page.getByRole('heading', { level: 1, name: now }).waitFor();
    clean(page, old);
    await page.context().close();
  }
});
