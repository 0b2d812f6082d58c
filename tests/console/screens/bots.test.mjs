// Versions of a bot: a draft that is compared and published, an old version that comes back, a copy, a file, and what a call gets.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { telephone, until } from '../support/appliance.mjs';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

const BOT = {
  name: 'Version shop',
  status: 'active',
  language: 'en-US',
  timezone: 'Europe/Malta',
  opening_message: 'Hello {{call.display_name}}, it is {{system.current_date}}.',
  stt: { provider: 'pocketsphinx' },
  llm: { provider: 'flow' },
  tts: { provider: 'flite' },
  flow: { fallback: 'Ask for our hours.', intents: [{ id: 'hours', phrases: ['when are you open'], reply: 'From nine to five.' }] },
};

async function made(name) {
  return ask('POST', '/api/v1/bots', { ...BOT, name });
}

test('a draft is saved, compared, published, and the old version comes back', async () => {
  const bot = await made('Version shop');
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${bot.id}`);
  await page.getByLabel('First words').fill('Good day from the draft.');
  await page.getByRole('button', { name: 'Save as draft' }).click();
  await page.getByText('A draft waits').waitFor();
  assert.equal((await ask('GET', `/api/v1/bots/${bot.id}`)).opening_message, BOT.opening_message, 'calls still use the published version');
  assert.equal(await page.getByLabel('First words').inputValue(), 'Good day from the draft.');
  await shot(page, 'bot-draft');
  await page.getByRole('link', { name: 'Compare with what is in use' }).click();
  const diff = page.getByRole('table', { name: 'What differs' });
  await diff.getByText('opening_message').waitFor();
  await diff.getByText('Good day from the draft.').waitFor();
  await shot(page, 'bot-diff');
  await page.getByRole('tab', { name: 'Edit' }).click();
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
  await page.getByText('A draft waits').waitFor({ state: 'detached' });
  assert.equal((await ask('GET', `/api/v1/bots/${bot.id}`)).opening_message, 'Good day from the draft.');
  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'Bring back version 1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Bring back' }).click();
  await page.getByText('Version 1 is back').first().waitFor();
  assert.equal((await ask('GET', `/api/v1/bots/${bot.id}`)).opening_message, BOT.opening_message);
  await shot(page, 'bot-versions');
  clean(page, 'the versions');
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
  await page.context().close();
});

test('a bot is copied, exported, and read in again', async () => {
  const bot = await made('Traveller');
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${bot.id}`);
  await page.getByRole('button', { name: 'More' }).click();
  const saving = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Export as a file' }).click();
  const path = await (await saving).path();
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).bot.name, 'Traveller');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  await page.getByRole('heading', { level: 1, name: /Traveller.*copy/ }).waitFor();
  await go(page, '/bots/new');
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Import from a file' }).click();
  await (await choosing).setFiles(path);
  await page.waitForURL(/\/bots\/bot_/);
  await page.getByRole('heading', { level: 1, name: /Traveller/ }).waitFor();
  const all = (await ask('GET', '/api/v1/bots?q=Traveller')).data;
  assert.equal(all.length, 3);
  for (const { id } of all) await ask('DELETE', `/api/v1/bots/${id}`);
  clean(page, 'the copies');
  await page.context().close();
});

test('a draft is heard on a telephone, and the call is on the screen', { timeout: 90_000 }, async (t) => {
  const bot = await made('Calling shop');
  await ask('PUT', `/api/v1/bots/${bot.id}/draft`, { ...BOT, name: 'Calling shop', opening_message: 'This is the draft, on a telephone.' });
  const { address, over, end } = await telephone(['--expect-speech', '30000', '--hangup']);
  t.after(end);
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${bot.id}`);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Call a telephone' }).click();
  const dialog = page.getByRole('dialog', { name: 'Hear it on a telephone' });
  await dialog.getByLabel('Whom it calls').fill('12');
  await dialog.getByRole('button', { name: 'Call now' }).click();
  await dialog.locator('[aria-invalid=true]').waitFor();
  assert.equal(await dialog.getByLabel('Which version').inputValue(), 'draft');
  await shot(page, 'bot-test-call');
  await dialog.getByLabel('Whom it calls').fill(`sip:anna@${address}`);
  await dialog.getByRole('button', { name: 'Call now' }).click();
  await page.waitForURL(/\/calls\/[^/]+$/);
  await page.getByRole('region', { name: 'Timeline' }).getByText('answered', { exact: true }).first().waitFor({ timeout: 30_000 });
  assert.equal((await over).code, 0);
  clean(page, 'the call to a telephone');
  await page.context().close();
  const id = page.url().split('/').at(-1);
  await until('the end of the call', async () => (await ask('GET', `/api/v1/calls/${id}`)).status !== 'active', 30_000);
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
});

test('the preview fills variables in and says what stays unknown', async () => {
  const bot = await made('Preview shop');
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${bot.id}/preview`);
  await page.getByText('This bot would take the call').waitFor();
  await page.getByText(/Nothing is known for .*display_name/).waitFor();
  await page.getByLabel('Variables of the call').fill('{"display_name": "Ada"}');
  await page.getByRole('button', { name: 'Fill in' }).click();
  await page.getByText(/Hello Ada, it is/).first().waitFor();
  await shot(page, 'bot-preview');
  clean(page, 'the preview');
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
  await page.context().close();
});
