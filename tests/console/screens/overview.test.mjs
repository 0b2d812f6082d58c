// How calls went: as a chart and as a table, over other spans, in the figures of the API; a bot without calls says so.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { accessible, clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, result, URL_ } from '../support/shared.mjs';

after(close);

const ENDS = ['customer', 'bot', 'no_answer', 'voicemail', 'error', 'customer'];

before(async () => {
  for (const [n, by] of ENDS.entries()) {
    const latency_samples = [0, 1, 2].map((turn) => ({ turn, stt_ms: 300, first_token_ms: 500, first_audio_ms: 600 + 150 * turn + 40 * n }));
    const isHeld = by === 'customer' || by === 'bot';
    await result({ session_id: randomUUID(), disconnected_by: by, call_duration_seconds: isHeld ? 40 + n : 0, ...(isHeld ? { latency_samples } : {}) });
  }
  await until('the calls to be counted', async () => (await figures()).is_complete);
});

/** Of a week in the zone of the test's browser. */
function figures() {
  const midnight = new Date(new Date().toLocaleString('en-US', { timeZone: 'Europe/Malta' })).setHours(0, 0, 0, 0);
  const to = new Date(midnight + 2 * 86_400_000).toISOString();
  return ask('GET', `/api/v1/analytics/calls?bucket=day&zone=Europe/Malta&to=${to}&from=${new Date(midnight - 5 * 86_400_000).toISOString()}`);
}

const section = (page) => page.getByRole('region', { name: 'How calls went' });
/** The number that stands under a name. */
const figure = async (page, name) => (await section(page).locator('dt', { hasText: new RegExp(`^${name}$`) }).locator('xpath=following-sibling::dd').innerText()).trim();

test('the overview shows how calls went, and a table has the same figures', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await section(page).getByTestId('chart').first().locator('canvas').waitFor();
  assert.equal(await section(page).getByTestId('chart').first().getAttribute('data-places'), '24');
  await section(page).getByText('Nobody answered').first().waitFor();
  await shot(page, 'overview-today');
  await section(page).getByText('7 days', { exact: true }).click();
  await section(page).locator('[data-span=week]').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('span'), 'week');
  const { total } = await figures();
  assert.equal(await figure(page, 'Calls'), String(total.n_calls));
  assert.equal(await figure(page, 'Answered'), `${Math.round(total.answered_share * 100)}%`);
  assert.equal(await figure(page, 'Typical wait'), `${(total.latency.p50_ms / 1000).toFixed(2)} s`);
  // Under the pointer stand the figures of one bar, and of all again when it has gone.
  const legend = section(page).getByTestId('legend').first();
  const chart = section(page).getByTestId('chart').first();
  const { width, height } = await chart.boundingBox();
  await chart.hover({ position: { x: width - 40, y: height / 2 } });
  await legend.getByText('all together').waitFor({ state: 'detached' });
  await shot(page, 'overview-week');
  await page.mouse.move(0, 0);
  await legend.getByText('all together').waitFor();
  await section(page).getByRole('button', { name: 'Show as a table' }).click();
  const rows = section(page).getByRole('table', { name: 'Calls over time' }).getByRole('row');
  const shown = await rows.last().getByRole('cell').allInnerTexts();
  assert.equal(Number(shown[1]) > 0, true, shown.join());
  await accessible(page, 'the table of calls');
  await shot(page, 'overview-table');
  await rows.last().getByRole('link').click();
  await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
  assert.match(new URL(page.url()).search, /from=\d{4}-\d\d-\d\d&to=/);
  clean(page, 'the overview');
  await page.context().close();
});

test('a span is part of the address, and a bot that had no calls says so', async () => {
  const bot = await ask('POST', '/api/v1/bots', {
    name: 'silent',
    stt: { provider: 'pocketsphinx' },
    llm: { provider: 'flow' },
    tts: { provider: 'flite' },
    flow: { intents: [{ id: 'bye', phrases: ['goodbye'], reply: 'Bye.', tool: { name: 'end_call' } }], fallback: 'Pardon?' },
  });
  const page = await visitor(URL_, { colours: 'dark' });
  await signIn(page);
  await go(page, '/?span=month');
  await section(page).locator('[data-span=month]').waitFor();
  assert.equal(await section(page).getByTestId('chart').first().getAttribute('data-places'), '30');
  await settled(page);
  await shot(page, 'overview-month-dark');
  await go(page, '/');
  await section(page).locator('[data-span=today]').waitFor();
  await go(page, `/bots/${bot.id}/figures`);
  await page.getByRole('region', { name: 'How its calls went' }).getByText('No finished calls in this time').waitFor();
  clean(page, 'the figures of a bot');
  await page.context().close();
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
});
