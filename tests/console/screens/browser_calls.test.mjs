// Calls from Chromium: a visitor and an admin talk with a bot through a fake microphone that says what a caller said on a recorded call.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { accessible, clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, CALL, URL_ } from '../support/shared.mjs';
import { channels, loudSeconds, microphone } from '../support/sound.mjs';

const folder = mkdtempSync(join(tmpdir(), 'cxbox-sound-'));
const voice = join(folder, 'voice.wav');
const FAKE = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
const SPEAKING = [...FAKE, `--use-file-for-fake-audio-capture=${voice}%noloop`];

const recording = async (id) => {
  const answer = await fetch(`${URL_}/api/v1/recordings/${id}`, { headers: { authorization: `Bearer ${process.env.CXBOX_TEST_TOKEN}` } });
  assert.equal(answer.status, 200);
  return channels(Buffer.from(await answer.arrayBuffer()));
};

/** The newest call of the box. */
const newest = async () => (await ask('GET', '/api/v1/calls?limit=1')).data[0];
const stored = (id) => ask('GET', `/api/v1/calls/${id}`);
/** Whether these words were said so far. */
const said = async (id, words) => words.test(JSON.stringify(await ask('GET', `/api/v1/calls/${id}/timeline`)));
const ended = (id) => until('the result of the call', async () => (await stored(id)).status !== 'active' && stored(id), 30_000);

before(async () => {
  const { rate, channels: [caller] } = await recording(CALL);
  microphone(voice, caller, rate);
  await ask('PUT', '/api/v1/settings/browser', { visitors: true, visitor_calls_per_hour: 1000 });
});
after(async () => {
  await close();
  await ask('PUT', '/api/v1/settings/browser', { visitors: null, visitor_calls_per_hour: null });
  rmSync(folder, { recursive: true });
});

/** A page whose connections can be looked at. */
async function caller(flags, options = {}) {
  const page = await visitor(URL_, { flags, ...options });
  await page.addInitScript(() => {
    const Own = window.RTCPeerConnection;
    window.connections = [];
    window.RTCPeerConnection = class extends Own {
      constructor(...all) {
        super(...all);
        window.connections.push(this);
      }
    };
  });
  return page;
}

/** What of the bot has arrived. */
const arrived = (page) =>
  page.evaluate(async () => {
    const report = [...(await window.connections.at(-1).getStats()).values()];
    const sound = report.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
    const codec = report.find(({ id }) => id === sound?.codecId)?.mimeType;
    return { packets: sound?.packetsReceived ?? 0, lost: sound?.packetsLost, energy: sound?.totalAudioEnergy ?? 0, jitter: sound?.jitter, codec };
  });

const inState = (page, state, timeout = 30_000) => page.locator(`[data-testid=browser-call][data-state=${state}]`).waitFor({ timeout });

test('a visitor talks with the bot, is understood, and both are on the recording', { timeout: 120_000 }, async () => {
  const page = await caller(SPEAKING);
  await page.goto('/room.html?dial=1000');
  await page.getByRole('heading', { name: 'desk' }).waitFor();
  await accessible(page, 'the room');
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await inState(page, 'talking');
  const { session_id: id } = await newest();
  await until('a sound of the bot', async () => (await arrived(page)).energy > 0.001);
  await accessible(page, 'the room during a call');
  await shot(page, 'room-talking');
  await page.getByRole('log').getByText(/when are you open/).waitFor({ timeout: 60_000 });
  assert.ok(await said(id, /when are you open/), 'what the visitor reads is what the call keeps');
  const sound = await arrived(page);
  console.log('arrived', JSON.stringify(sound));
  assert.ok(sound.packets > 200 && sound.lost <= sound.packets / 50, JSON.stringify(sound));
  await inState(page, 'ended', 60_000);
  await page.getByText('The call is over').waitFor();
  await shot(page, 'room-ended');
  const call = await ended(id);
  assert.ok(call.transcript.some(({ role, content }) => role === 'user' && /when are you open/.test(content)), JSON.stringify(call.transcript));
  assert.deepEqual([call.outcome, call.disconnected_by, call.did, call.number], ['finished', 'bot', null, '1000']);
  const kept = await until('the recording', async () => (await stored(id)).recording_key && recording(id));
  const loud = kept.channels.map((samples) => loudSeconds(samples, kept.rate));
  assert.ok(loud[0] > 0.8 && loud[1] > 3, `caller ${loud[0]} s, bot ${loud[1]} s`);
  clean(page, 'the room');
  await page.context().close();
});

test('hanging up on the page ends the call at once, and hanging up at the box ends it on the page', { timeout: 120_000 }, async () => {
  const page = await caller(FAKE);
  await page.goto('/room.html?dial=1000');
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await inState(page, 'talking');
  const first = (await newest()).session_id;
  await page.getByRole('button', { name: 'Mute' }).click();
  await page.getByText('you are muted').waitFor();
  const at = Date.now();
  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.getByText('You hung up').waitFor();
  await ended(first);
  assert.ok(Date.now() - at < 8_000, `the box noticed after ${Date.now() - at} ms`);
  await page.getByRole('button', { name: 'Call again' }).click();
  await inState(page, 'talking');
  const second = (await newest()).session_id;
  assert.notEqual(second, first);
  await ask('POST', `/api/v1/calls/${second}/hangup`);
  await page.getByText('The call is over').waitFor();
  assert.equal((await ended(second)).disconnected_by, 'bot');
  await page.getByRole('button', { name: 'Call again' }).click();
  await inState(page, 'talking');
  const third = (await newest()).session_id;
  await page.close();
  assert.notEqual((await ended(third)).status, 'active', 'a page that is closed hangs up');
  await page.context().close();
});

test('a visitor is told what is not for visitors, and what the browser lacks', { timeout: 120_000 }, async () => {
  await ask('POST', '/api/v1/numbers', { name: 'inside', number: '2000', bot_id: (await ask('GET', '/api/v1/bots?q=demo')).data[0].id, visibility: 'signed-in' });
  const page = await visitor(URL_, { viewport: { width: 390, height: 760 }, colours: 'dark' });
  for (const number of ['2000', '3000']) {
    await page.goto(`/room.html?dial=${number}`);
    await page.getByText('This number is for people who are signed in').waitFor();
  }
  await accessible(page, 'a number that is not for visitors');
  await shot(page, 'room-private');
  await page.goto('/room.html');
  await page.getByLabel('Number').fill('1000');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await page.getByText('No microphone was found').waitFor();
  await shot(page, 'room-no-microphone');
  await page.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
  await page.reload();
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await page.getByText('A microphone needs a secure page').waitFor();
  await accessible(page, 'the room without a secure page');
  await page.context().close();
  // A microphone, and nobody who says yes.
  const denied = await visitor(URL_, { flags: ['--use-fake-device-for-media-stream'] });
  await denied.goto('/room.html?dial=1000');
  await denied.getByRole('button', { name: 'Call', exact: true }).click();
  await denied.getByText('This page may not use your microphone').waitFor();
  await denied.context().close();

  await ask('PUT', '/api/v1/settings/browser', { visitors_at_once: 1 });
  const [one, other] = [await caller(FAKE), await caller(FAKE)];
  for (const page of [one, other]) await page.goto('/room.html?dial=1000');
  await one.getByRole('button', { name: 'Call', exact: true }).click();
  await inState(one, 'talking');
  await other.getByRole('button', { name: 'Call', exact: true }).click();
  await other.getByText('All lines are in use').waitFor();
  await one.getByRole('button', { name: 'Hang up' }).click();
  await ended((await newest()).session_id);
  await other.getByRole('button', { name: 'Call again' }).click();
  await inState(other, 'talking');
  await other.getByRole('button', { name: 'Hang up' }).click();
  for (const page of [one, other]) await page.context().close();
  await ask('PUT', '/api/v1/settings/browser', { visitors_at_once: null });
});

test('an admin talks with the draft of a bot and with a number that is not public', { timeout: 120_000 }, async () => {
  const demo = (await ask('GET', '/api/v1/bots?q=demo')).data[0];
  const bot = await ask('POST', `/api/v1/bots/${demo.id}/clone`, { name: 'tried out' });
  const draft = { ...(await ask('GET', `/api/v1/bots/${bot.id}`)), opening_message: 'This is the draft speaking.' };
  for (const own of ['id', 'version', 'has_draft', 'created_at', 'created_by', 'updated_at']) delete draft[own];
  await ask('PUT', `/api/v1/bots/${bot.id}/draft`, draft);
  const page = await caller(FAKE);
  await signIn(page);
  await go(page, `/bots/${bot.id}`);
  await page.getByRole('button', { name: 'Call from the browser' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The draft').waitFor();
  await accessible(page, 'trying out a bot');
  await dialog.getByRole('button', { name: 'Call', exact: true }).click();
  await inState(page, 'talking');
  const { session_id: id } = await newest();
  await until('a sound of the bot', async () => (await arrived(page)).energy > 0.001);
  await shot(page, 'bot-tried-out');
  await dialog.getByRole('button', { name: 'Hang up' }).click();
  await dialog.getByRole('link', { name: 'See the call' }).waitFor();
  const tried = await ended(id);
  // A draft has no version yet.
  assert.deepEqual([tried.overrides.tries, tried.bot_version], ['draft', 0]);
  await page.keyboard.press('Escape');
  await go(page, '/room?dial=2000');
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await inState(page, 'talking');
  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.getByRole('link', { name: 'See the call' }).click();
  await page.getByRole('heading', { name: /Call with/ }).waitFor();
  clean(page, 'calls of an admin');
  await page.context().close();
});
