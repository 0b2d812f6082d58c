// Everything a bot can be told, typed by a person: each tab, refusals at their fields, and what comes back after a reload.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PASSWORD } from '../support/appliance.mjs';
import { accessible, clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

const BOT = {
  name: 'Everything',
  status: 'active',
  language: 'en-US',
  timezone: 'Europe/Malta',
  stt: { provider: 'pocketsphinx' },
  llm: { provider: 'flow' },
  tts: { provider: 'flite' },
  flow: { fallback: 'Pardon?', intents: [{ id: 'hours', phrases: ['when are you open'], reply: 'From nine to five.' }] },
};

async function opened(name) {
  const bot = await ask('POST', '/api/v1/bots', { ...BOT, name });
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${bot.id}`);
  await page.getByRole('tab', { name: 'Tools and transfers' }).waitFor();
  return { bot, page };
}

const use = (page) => page.getByRole('button', { name: 'Save and use' }).click();

test('tools, transfers and replacements are typed in, refused at their fields, and stored', { timeout: 120_000 }, async () => {
  const { bot, page } = await opened('Tool shop');
  await page.getByRole('tab', { name: 'Tools and transfers' }).click();
  await page.getByRole('button', { name: 'Add a tool' }).click();
  const tool = page.getByRole('group', { name: /^Tool 1|order_status/ });
  await tool.getByRole('button', { name: 'As JSON Schema' }).click();
  await tool.getByRole('textbox', { name: 'Arguments, as a JSON Schema' }).fill('{ "type": "object", ');
  await use(page);
  await tool.getByText(/^JSON: /).waitFor();
  await tool.getByRole('textbox', { name: 'Arguments, as a JSON Schema' }).fill('{ "type": "object", "properties": { "order": { "type": "text" } } }');
  await tool.getByRole('textbox', { name: 'Name', exact: true }).fill('order_status');
  await tool.getByRole('textbox', { name: 'Address' }).fill('not a url');
  await tool.getByRole('textbox', { name: 'What it is good for' }).fill('Tells how far an order is.');
  await use(page);
  await tool.getByText('must be an http or https URL').waitFor();
  await tool.getByText(/properties\.order\.type: must be one of/).waitFor();
  await shot(page, 'bot-tools-refused');
  await tool.getByRole('textbox', { name: 'Arguments, as a JSON Schema' }).fill('{ "type": "object" }');
  await tool.getByRole('button', { name: 'As rows' }).click();
  await tool.getByRole('button', { name: 'Add an argument' }).click();
  await tool.getByRole('textbox', { name: 'Argument 1' }).fill('order');
  await tool.getByRole('textbox', { name: 'Meaning 1' }).fill('Number of the order');
  await tool.getByRole('button', { name: 'Add an argument' }).click();
  await tool.getByRole('textbox', { name: 'Argument 2' }).fill('order');
  await tool.getByText('is used twice').waitFor();
  await tool.getByRole('textbox', { name: 'Argument 2' }).fill('day');
  await tool.getByRole('combobox', { name: 'Type 2' }).selectOption('integer');
  await tool.getByRole('checkbox', { name: 'Required 2' }).uncheck();
  await tool.getByRole('textbox', { name: 'Address' }).fill('https://shop.example.com/orders/{{order}}');
  await tool.getByRole('combobox', { name: 'Method' }).selectOption('GET');
  await tool.getByRole('group', { name: 'Headers' }).getByRole('button', { name: 'Add' }).click();
  await tool.getByRole('textbox', { name: 'Header 1', exact: true }).fill('host');
  await tool.getByRole('textbox', { name: 'Value of the header 1' }).fill('secret-of-the-shop');
  await use(page);
  await tool.getByText('belongs to the connection and cannot be set').waitFor();
  await tool.getByRole('textbox', { name: 'Header 1', exact: true }).fill('X-Key');
  await page.getByRole('button', { name: 'Add a server' }).click();
  const server = page.getByRole('group', { name: /^Server 1|shop/ });
  await server.getByRole('textbox', { name: 'Name', exact: true }).fill('shop');
  await server.getByRole('textbox', { name: 'Address' }).fill('ws://shop');
  await use(page);
  await server.getByText('must be an http or https URL').waitFor();
  await server.getByRole('textbox', { name: 'Address' }).fill('https://shop.example.com/mcp');
  await server.getByRole('textbox', { name: 'Tools that may be used' }).fill('stock\nprice');
  await page.getByRole('button', { name: 'Add a target' }).click();
  const target = page.getByRole('group', { name: /^Target 1|desk/ });
  await target.getByRole('textbox', { name: 'Name', exact: true }).fill('desk');
  await target.getByRole('textbox', { name: 'Where to' }).fill('12');
  await use(page);
  await target.getByText('must be an international number').waitFor();
  await target.getByRole('combobox', { name: 'Kind of target' }).selectOption('extension');
  await page.getByRole('tab', { name: 'Speech and model' }).click();
  await page.getByRole('button', { name: 'Add a replacement for speaking' }).click();
  const spare = page.getByRole('group', { name: 'Replacement 1' });
  await spare.getByRole('combobox', { name: 'Provider' }).selectOption('openai');
  await spare.getByRole('textbox', { name: 'Model' }).fill('voice-1');
  await spare.getByRole('textbox', { name: 'Address of the API' }).fill('ftp://voice');
  await page.getByRole('tab', { name: 'Basics' }).click();
  await use(page);
  await spare.getByText('must be an http or https URL').waitFor();
  await shot(page, 'bot-speech');
  await spare.getByRole('textbox', { name: 'Address of the API' }).fill('http://10.0.0.5:8000/v1');
  await use(page);
  await page.getByText('Saved').first().waitFor();
  const stored = await ask('GET', `/api/v1/bots/${bot.id}`);
  assert.deepEqual([stored.tools[0].name, stored.tools[0].method], ['order_status', 'GET']);
  const properties = { order: { type: 'string', description: 'Number of the order' }, day: { type: 'integer' } };
  assert.deepEqual(stored.tools[0].parameters, { type: 'object', properties, required: ['order'] });
  assert.deepEqual([stored.mcp_servers[0].url, stored.mcp_servers[0].tools], ['https://shop.example.com/mcp', ['stock', 'price']]);
  assert.doesNotMatch(JSON.stringify(stored), /secret-of-the-shop/, 'what was typed into a header is sealed');
  assert.deepEqual([stored.transfer_targets[0].id, stored.transfer_targets[0].type, stored.transfer_targets[0].value], ['desk', 'extension', '12']);
  const [spareVoice] = stored.tts_fallbacks;
  assert.deepEqual([spareVoice.provider, spareVoice.base_url, spareVoice.model], ['openai', 'http://10.0.0.5:8000/v1', 'voice-1']);
  assert.equal(stored.flow.intents[0].reply, 'From nine to five.', 'what was not touched stays');
  await settled(page);
  assert.equal(await page.getByRole('tab', { name: 'Speech and model', selected: true }).count(), 1, 'the tab stays after saving');
  await page.getByRole('tab', { name: 'Tools and transfers' }).click();
  await settled(page);
  await accessible(page, 'the tools of a bot');
  await shot(page, 'bot-tools');
  clean(page, 'the tools');
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
  await page.context().close();
});

test('knowledge, hours, silence and what comes after a call are typed in and come back', { timeout: 120_000 }, async () => {
  const base = await ask('POST', '/api/v1/knowledge-bases', { name: 'House rules' });
  const { bot, page } = await opened('Careful shop');
  await page.getByRole('tab', { name: 'Knowledge' }).click();
  await page.getByRole('switch', { name: 'Look answers up' }).check({ force: true });
  await page.getByRole('checkbox', { name: 'House rules' }).check();
  await page.getByRole('textbox', { name: 'Passages per question' }).fill('3');
  await page.getByRole('textbox', { name: 'Least score' }).fill('0.35');
  await page.getByRole('switch', { name: 'Answer from passages only' }).check({ force: true });
  await page.getByRole('textbox', { name: 'Said when nothing is found' }).fill('I do not know that.');
  await settled(page);
  await accessible(page, 'the knowledge of a bot');
  await shot(page, 'bot-knowledge');
  await page.getByRole('tab', { name: 'Rules of the call' }).click();
  await page.getByRole('combobox', { name: 'Kept as' }).selectOption('ogg');
  await page.getByRole('textbox', { name: 'After a hesitation' }).fill('1800');
  await page.getByRole('textbox', { name: 'Words that do not interrupt' }).fill('okey dokey');
  await page.getByRole('combobox', { name: 'When a menu answers' }).selectOption('hang_up');
  await page.getByRole('switch', { name: 'Speak to a silent caller' }).check({ force: true });
  await page.getByRole('textbox', { name: 'After so many milliseconds' }).fill('5000');
  await page.getByRole('switch', { name: 'Take calls at certain hours only' }).check({ force: true });
  await page.getByText('Saturday', { exact: true }).click();
  await page.getByRole('switch', { name: 'Make variables of headers of the call' }).check({ force: true });
  await page.getByRole('textbox', { name: 'Names, one per line' }).fill('X-Customer-*\nX-Ticket');
  await page.getByRole('tab', { name: 'After the call' }).click();
  await page.getByRole('switch', { name: 'People may ask to be called back' }).check({ force: true });
  await page.getByRole('textbox', { name: 'Days ahead at most' }).fill('7');
  await page.getByRole('textbox', { name: 'Instructions for the analysis' }).fill('What did the caller want?');
  await page.getByRole('textbox', { name: 'Instructions for the quality check' }).fill('Was the bot polite?');
  await page.getByRole('textbox', { name: 'Answering machine' }).fill('VOICEMAIL_LEFT');
  await page.getByRole('textbox', { name: 'Recordings' }).fill('30');
  await use(page);
  await page.getByText('must not be empty').waitFor();
  await page.getByRole('tab', { name: 'Rules of the call', selected: true }).waitFor();
  await page.getByRole('textbox', { name: 'What is said' }).fill('Are you still there?');
  await settled(page);
  await accessible(page, 'the rules of a bot');
  await shot(page, 'bot-rules');
  await use(page);
  await page.getByText('Saved').first().waitFor();
  const stored = await ask('GET', `/api/v1/bots/${bot.id}`);
  assert.deepEqual(
    [stored.knowledge_enabled, stored.knowledge_kb_ids, stored.knowledge_top_k, stored.knowledge_score_threshold, stored.knowledge_strict, stored.knowledge_fallback_message],
    [true, [base.id], 3, 0.35, true, 'I do not know that.'],
  );
  assert.deepEqual(stored.re_engagement, { after_ms: 5000, message: 'Are you still there?', times: 2 });
  assert.deepEqual(stored.active_hours, { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'], start_time: '09:00', end_time: '17:00' });
  assert.deepEqual(stored.sip_header_config, { enabled: true, headers: ['X-Customer-*', 'X-Ticket'] });
  assert.deepEqual([stored.post_call_analysis_prompt, stored.qc_prompt], ['What did the caller want?', 'Was the bot polite?']);
  assert.equal(stored.auto_dispositions.voicemail.disposition, 'VOICEMAIL_LEFT');
  assert.deepEqual([stored.recording_format, stored.retention.audio_days], ['ogg', 30]);
  assert.deepEqual([stored.turn_taking.after_hesitation_ms, stored.turn_taking.fillers], [1800, ['okey dokey']]);
  assert.deepEqual([stored.answering_machines.on_ivr, stored.callbacks.enabled, stored.callbacks.max_days], ['hang_up', true, 7]);
  await go(page, '/bots');
  await page.getByRole('heading', { level: 1, name: 'Bots' }).waitFor();
  await go(page, `/bots/${bot.id}`);
  await page.getByRole('tab', { name: 'After the call' }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Answering machine' }).inputValue(), 'VOICEMAIL_LEFT');
  await page.getByText('What did the caller want?').waitFor();
  await settled(page);
  await accessible(page, 'after the call');
  await shot(page, 'bot-after');
  clean(page, 'the rules');
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
  await ask('DELETE', `/api/v1/knowledge-bases/${base.id}?purge=true`);
  await page.context().close();
});

test('a session that ends keeps a whole bot that was typed', { timeout: 60_000 }, async () => {
  const { bot, page } = await opened('Long shop');
  await page.getByLabel('First words').fill('Kept through the night.');
  await page.getByRole('tab', { name: 'Tools and transfers' }).click();
  await page.getByRole('button', { name: 'Add a target' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('night_desk');
  await page.getByRole('textbox', { name: 'Where to' }).fill('+35621234567');
  let isRefused = false;
  await page.route(`**/api/v1/bots/${bot.id}`, (route) => {
    if (isRefused || route.request().method() !== 'PUT') return route.continue();
    isRefused = true;
    return route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":"unauthorized","error_description":"the token has expired"}' });
  });
  await page.route('**/oidc.ashx/token', (route) =>
    (route.request().postData() ?? '').includes('refresh_token=') ? route.fulfill({ status: 400, contentType: 'application/json', body: '{"error":"invalid_grant"}' }) : route.continue(),
  );
  await use(page);
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Saved').first().waitFor();
  const stored = await ask('GET', `/api/v1/bots/${bot.id}`);
  assert.deepEqual([stored.opening_message, stored.transfer_targets[0].id], ['Kept through the night.', 'night_desk']);
  clean(page, 'the ended session');
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
  await page.context().close();
});
