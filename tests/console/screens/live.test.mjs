// The live monitor during a call that is really held, and a server that goes away and comes back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Appliance, CONVERSATION } from '../support/appliance.mjs';
import { clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';

let box;
before(async () => {
  box = await Appliance.start();
  await box.setUp();
  await box.call('POST', '/api/v1/carriers', { name: 'Line', sip_address: '127.0.0.1:9', options_interval_seconds: 0, inbound_auth_mode: 'ip', inbound_allowed_addresses: ['127.0.0.1'] });
  const bots = await box.call('GET', '/api/v1/bots?q=demo');
  await box.call('POST', '/api/v1/numbers', { name: 'desk', number: '1000', bot_id: bots.data[0].id, visibility: 'public' });
});
after(async () => {
  await close();
  await box?.end();
});

test('a call appears with its words while it runs, and goes when it ends', { timeout: 120_000 }, async () => {
  const page = await visitor(box.url);
  await signIn(page);
  await go(page, '/live');
  await page.getByText('No call is running').waitFor();
  await page.getByTestId('live-pill').getByText('live', { exact: true }).waitFor();
  const over = box.phone('1000', CONVERSATION);
  const call = page.getByTestId('live-call');
  await call.getByText('when are you open').waitFor({ timeout: 60_000 });
  await shot(page, 'live-call');
  assert.equal((await over).code, 0);
  await page.getByText('No call is running').waitFor();
  clean(page, 'the live monitor');
  await page.context().close();
});

test('a call that came in is hung up from the monitor, on a telephone too', { timeout: 120_000 }, async () => {
  const page = await visitor(box.url, { viewport: { width: 390, height: 780 } });
  await signIn(page);
  await go(page, '/live');
  const over = box.phone('1000', ['--expect-speech', '20000', '--expect-hangup', '60000']);
  const call = page.getByTestId('live-call');
  await call.getByText('automated assistant').waitFor({ timeout: 60_000 });
  const [width, card, button] = [await page.evaluate(() => document.documentElement.scrollWidth), await call.boundingBox(), await call.getByRole('button', { name: 'Hang up' }).boundingBox()];
  assert.ok(width <= 391 && card.x >= 0 && card.x + card.width <= 390, `the card fits: ${JSON.stringify(card)}, ${width} wide`);
  assert.ok(button.height >= 24, 'a finger hits the button');
  await shot(page, 'live-call-telephone');
  await call.getByRole('button', { name: 'Hang up' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
  assert.equal((await over).code, 0);
  await page.getByText('No call is running').waitFor();
  clean(page, 'hanging up');
  await page.context().close();
});

test('the recording of a call is paused while somebody wants it, and whoever watches sees that', { timeout: 120_000 }, async () => {
  const page = await visitor(box.url);
  await signIn(page);
  await go(page, '/live');
  const over = box.phone('1000', ['--expect-speech', '20000', '--expect-hangup', '60000']);
  const call = page.getByTestId('live-call');
  await call.getByText('automated assistant').waitFor({ timeout: 60_000 });
  await call.getByRole('button', { name: 'Pause recording' }).click();
  await call.getByText('not recorded now').waitFor();
  await shot(page, 'live-call-paused');
  // The call's own page knows, and there it goes on.
  await call.getByRole('link').first().click();
  await page.getByRole('heading', { level: 1, name: /Call with/ }).waitFor();
  await page.getByText('not recorded now').waitFor();
  await page.getByRole('button', { name: 'Record again' }).click();
  await page.getByRole('button', { name: 'Pause recording' }).waitFor();
  await page.getByText('not recorded now').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
  assert.equal((await over).code, 0);
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await timeline.getByText('recording paused').waitFor();
  await timeline.getByText('recording goes on').waitFor();
  clean(page, 'the paused recording');
  await page.context().close();
});

test('a call that is not recorded has nothing to pause', { timeout: 120_000 }, async () => {
  const [{ bot_id }] = (await box.call('GET', '/api/v1/numbers')).data;
  await box.call('POST', '/api/v1/numbers', { name: 'private', number: '1002', bot_id, visibility: 'public', recording_mode: 'off' });
  const page = await visitor(box.url);
  await signIn(page);
  await go(page, '/live');
  const over = box.phone('1002', ['--expect-speech', '20000', '--expect-hangup', '60000']);
  const call = page.getByTestId('live-call');
  await call.getByText('automated assistant').waitFor({ timeout: 60_000 });
  const [running] = (await box.call('GET', '/api/v1/calls?status=active')).data;
  assert.equal(running.recording_now, null);
  await call.getByRole('button', { name: 'Hang up' }).waitFor();
  assert.equal(await call.getByRole('button', { name: /recording/i }).count(), 0);
  await call.getByRole('link').first().click();
  await page.getByRole('heading', { level: 1, name: /Call with/ }).waitFor();
  await page.getByRole('button', { name: 'Hang up' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Pause recording' }).count(), 0);
  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
  assert.equal((await over).code, 0);
  clean(page, 'the call that is not recorded');
  await page.context().close();
});

test('a server that goes away is said to be away, and its return is noticed', { timeout: 180_000 }, async () => {
  const page = await visitor(box.url);
  await signIn(page);
  await page.getByTestId('live-pill').getByText('live', { exact: true }).waitFor();
  await page.getByTestId('all-is-well').waitFor();
  await settled(page);
  await box.down();
  await page.getByTestId('live-pill').getByText(/stale since \d+ s/).waitFor();
  await shot(page, 'live-stale');
  // A screen that was never opened: its files cannot be read now, and are asked for until they come.
  await page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name: 'Engines' }).click();
  await page.waitForURL(/\/fleet$/);
  await box.up();
  await page.getByTestId('live-pill').getByText('live', { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole('heading', { level: 1, name: 'Engines' }).waitFor({ timeout: 30_000 });
  await page.getByRole('region', { name: 'local' }).getByText('healthy').waitFor({ timeout: 30_000 });
  await go(page, '/');
  await page.getByTestId('all-is-well').waitFor({ timeout: 30_000 });
  clean(page, 'the return of the server');
  await page.context().close();
});
