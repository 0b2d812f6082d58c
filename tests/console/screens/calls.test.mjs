// The list of calls, one call with its recording and transcript, and hostile words in it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { accessible, clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, CALL, result, URL_ } from '../support/shared.mjs';

after(close);

/** What a caller waits for, in order. */
const STEPS = ['Silence that ends a turn', 'Recognising', 'First word of the model', 'First sound of the voice', 'Onto the line'];

test('filters are part of the address and hold in the list', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/calls');
  await page.getByLabel('Phone number').fill('35699123456');
  await page.waitForURL(/phone=35699123456/);
  await page.getByRole('table', { name: 'Calls' }).getByRole('link', { name: '+35699123456' }).first().waitFor();
  await page.getByLabel('State', { exact: true }).selectOption('failed');
  await page.getByText('No call matches these filters').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('table', { name: 'Calls' }).waitFor();
  assert.doesNotMatch(page.url(), /phone|status/);
  clean(page, 'the calls');
  await page.context().close();
});

test('calls are found by what was said, kept as a view, and exported', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/calls');
  await page.getByLabel('Words that were said').fill('nobody ever said zanzibar');
  await page.getByText('No call matches these filters').waitFor();
  await page.getByLabel('Words that were said').fill('"when are you open"');
  await page.waitForURL(/q=/);
  await page.getByRole('table', { name: 'Calls' }).getByRole('link').first().waitFor();
  await page.getByRole('button', { name: 'More filters' }).click();
  await page.getByLabel('Direction').selectOption('inbound');
  await page.getByLabel('Order').selectOption('duration');
  await page.waitForURL(/sort=duration/);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Keep these filters' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Opening hours');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Opening hours' }).click();
  await page.waitForURL(/direction=inbound/);
  await shot(page, 'calls-filtered');
  await page.getByRole('button', { name: 'Export' }).click();
  const saving = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'As a table (CSV)' }).click();
  const text = readFileSync(await (await saving).path(), 'utf8');
  assert.match(text.split('\n')[0], /session_id/);
  assert.ok(text.includes(CALL), 'the call is in the table');
  clean(page, 'the filters');
  await page.context().close();
});

test('a call gets a tag, a note and a hold, and its timeline says how long answers took', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/calls/${CALL}`);
  await page.getByRole('combobox', { name: 'Tags' }).fill('follow up');
  await page.keyboard.press('Enter');
  await page.getByLabel('Write a note').fill('<b>Call back</b> on Monday');
  await page.getByRole('button', { name: 'Add the note' }).click();
  await page.getByTestId('note').getByText('<b>Call back</b> on Monday').waitFor();
  await page.getByRole('button', { name: 'Put on legal hold' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('case 7');
  await page.getByRole('dialog').getByRole('button', { name: 'Put on legal hold' }).click();
  await page.getByText('On legal hold', { exact: true }).waitFor();
  await until('the tag', async () => (await ask('GET', '/api/v1/calls?tag=follow%20up')).total === 1);
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await timeline.getByText('answered', { exact: true }).first().waitFor();
  await timeline.getByText('when are you open').first().waitFor();
  // Every step is told apart, to eyes and to readers of the screen.
  const waterfall = page.getByTestId('waterfall');
  for (const step of STEPS) await waterfall.getByText(step, { exact: true }).waitFor();
  const bars = waterfall.getByRole('img');
  const said = await bars.first().getAttribute('aria-label');
  assert.match(said, new RegExp(`^${STEPS.map((step) => `${step}: [\\d,]+ ms`).join(', ')}$`));
  const [{ latency }] = (await ask('GET', `/api/v1/calls/${CALL}/timeline`)).data.filter((entry) => entry.latency);
  assert.match(said, new RegExp(`^Silence that ends a turn: ${latency.endpoint_ms.toLocaleString('en')} ms, `));
  await bars.first().hover();
  await waterfall.getByText(/^answer at \d+:\d\d$/).waitFor();
  await page.mouse.move(0, 0);
  await waterfall.getByText(/^(mean of \d+ answers|1 answer)$/).waitFor();
  await timeline.scrollIntoViewIfNeeded();
  await shot(page, 'call-timeline');
  await page.getByRole('button', { name: 'Release' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click();
  await page.getByRole('button', { name: 'Put on legal hold' }).waitFor();
  await page.getByRole('button', { name: 'Delete the note of olivia' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByTestId('note').waitFor({ state: 'detached' });
  await ask('PUT', `/api/v1/calls/${CALL}/tags`, { tags: [] });
  clean(page, 'the marks');
  await page.context().close();
});

test('a call of before, which knows fewer steps, is shown with those', async () => {
  const session_id = `earlier-${Date.now()}`;
  const at = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
  const transcript = ['user', 'assistant', 'user', 'assistant'].map((role, n) => ({ role, content: `words ${n}`, ts: at(n) }));
  const latency_samples = [
    { turn: 1, stt_ms: 900, first_token_ms: 1300, first_audio_ms: 1550 },
    { turn: 2, stt_ms: 700, first_token_ms: 700, first_audio_ms: 1000 },
  ];
  await result({ session_id, from_number: '+35699123457', call_direction: 'inbound', call_duration_seconds: 3, disconnected_by: 'user', transcript, latency_samples });
  const page = await visitor(URL_, { colours: 'dark' });
  await signIn(page);
  await go(page, `/calls/${session_id}`);
  const waterfall = page.getByTestId('waterfall');
  const bars = waterfall.getByRole('img');
  await bars.first().waitFor();
  assert.deepEqual(await bars.evaluateAll((all) => all.map((bar) => bar.getAttribute('aria-label'))), [
    'Silence and recognising: 900 ms, First word of the model: 400 ms, Beginning to speak: 250 ms',
    'Silence and recognising: 700 ms, First word of the model: 0 ms, Beginning to speak: 300 ms',
  ]);
  await waterfall.getByText('mean of 2 answers').waitFor();
  await waterfall.scrollIntoViewIfNeeded();
  await accessible(page, 'the waterfall of a call of before');
  await shot(page, 'call-waterfall-before-dark');
  clean(page, 'the call of before');
  await page.context().close();
});

test('a call is heard from where its transcript is clicked', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/calls/${CALL}`);
  await page.locator('[data-testid=wave][data-ready=true]').waitFor();
  const turns = page.getByRole('region', { name: 'Transcript' }).getByRole('listitem');
  assert.match(await turns.first().innerText(), /automated assistant/);
  const asked = turns.filter({ hasText: 'when are you open' }).first();
  await asked.getByTitle('Listen from here').click();
  await page.waitForFunction(() => /^0:0[4-9]|^0:[1-9]/.test(document.querySelector('[data-testid=position]')?.textContent ?? ''));
  await page.locator('li[data-heard=true]').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  await page.getByRole('region', { name: 'Webhook deliveries' }).getByText('call.ended').waitFor();
  await shot(page, 'call-heard');
  clean(page, 'the call');
  await page.context().close();
});

test('a call names its bot and its carrier, shows its trace, and gives a link away that is taken back', async () => {
  const heard = async (url) => (await fetch(URL_ + new URL(url).pathname)).status;
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/calls/${CALL}`);
  const facts = page.getByRole('region', { name: 'Facts' });
  await facts.getByRole('link', { name: /^demo reception · v1/ }).waitFor();
  await facts.getByRole('link', { name: 'Test line' }).waitFor();
  await facts.getByText('finished', { exact: true }).waitFor();
  await page.getByText('Line by line, as the engines told it').click();
  await page.getByRole('listitem').filter({ hasText: '"type":"answered"' }).first().waitFor();
  const links = page.getByRole('region', { name: 'Links' });
  const link = links.getByTestId('recording-link');
  const first = await link.innerText();
  assert.equal(await heard(first), 200);
  await links.getByRole('button', { name: 'Another link' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Another link' }).click();
  await link.filter({ hasNotText: first }).waitFor();
  const second = await link.innerText();
  assert.deepEqual([await heard(first), await heard(second)], [410, 200]);
  await links.getByRole('button', { name: 'Take it back' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
  await links.getByRole('button', { name: 'Make a link' }).waitFor();
  assert.equal(await heard(second), 410);
  await links.getByRole('button', { name: 'Make a link' }).click();
  await link.waitFor();
  await links.getByRole('link', { name: 'The transcript, and links to it' }).click();
  await page.getByRole('heading', { level: 1, name: /Transcript of/ }).waitFor();
  clean(page, 'what a call says of itself');
  await page.context().close();
});

test('hostile words are shown as text', async () => {
  const words = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1"> \u202Eevil\u202C';
  const session_id = `hostile-${Date.now()}`;
  const at = new Date().toISOString();
  const transcript = [
    { role: 'user', content: words, ts: at },
    { role: 'assistant', content: 'x'.repeat(1_000_000), ts: at },
  ];
  // What a model made of it is no better.
  const read = { post_call_analysis: { summary: words, wishes: ['a table', words] }, qc_analysis: { score: 7, because: { tone: 'kind' } } };
  await result({ session_id, from_number: words, call_direction: 'inbound', call_duration_seconds: 3, disconnected_by: 'user', transcript, ...read });
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/calls/${session_id}`);
  const turn = page.getByRole('region', { name: 'Transcript' }).getByRole('listitem').first();
  assert.ok((await turn.innerText()).includes('<script>window.hacked=1</script>'));
  const about = page.getByRole('group', { name: 'What the call was about' });
  await about.getByRole('row').filter({ hasText: 'summary' }).getByText('<script>window.hacked=1</script>').waitFor();
  await about.getByRole('listitem').filter({ hasText: 'a table' }).waitFor();
  await page.getByRole('group', { name: 'How well the bot did' }).getByText('kind', { exact: true }).waitFor();
  await about.scrollIntoViewIfNeeded();
  await shot(page, 'call-analysis');
  await settled(page);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img[src=x]').count(), 0);
  const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  assert.equal(isTooWide, false, 'long words break');
  clean(page, 'hostile words');
  await page.context().close();
});
