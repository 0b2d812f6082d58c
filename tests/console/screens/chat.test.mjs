// A bot tried in writing: its first words, an intent, what it does not understand, and the end of the call.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible, clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

const BOT = {
  name: 'Talking shop',
  status: 'draft',
  opening_message: 'Welcome to the shop.',
  recording_mode: 'off',
  llm: { provider: 'flow' },
  flow: {
    fallback: 'Pardon?',
    intents: [
      { id: 'hours', phrases: ['when are you open'], reply: 'From nine to five.' },
      { id: 'bye', phrases: ['goodbye'], reply: 'Goodbye <b>friend</b>.', tool: { name: 'end_call' } },
    ],
  },
};

test('a bot answers in writing until it would hang up', { timeout: 60_000 }, async () => {
  const bot = await ask('POST', '/api/v1/bots', BOT);
  await ask('PUT', `/api/v1/bots/${bot.id}/draft`, { ...BOT, opening_message: 'Welcome to the draft.' });
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${bot.id}/try`);
  const log = page.getByRole('log', { name: 'Conversation' });
  await log.getByText('Welcome to the draft.').waitFor();
  await page.getByRole('combobox', { name: 'Which version' }).selectOption('published');
  await log.getByText('Welcome to the shop.').waitFor();
  const say = async (words) => {
    await page.getByRole('textbox', { name: 'What the caller says' }).fill(words);
    await page.keyboard.press('Enter');
  };
  await say('when are you open');
  await log.getByText('From nine to five.').waitFor();
  await log.getByText('intent hours').waitFor();
  await say('bananas in pyjamas');
  await log.getByText('Pardon?').waitFor();
  await say('goodbye');
  await log.getByText('Goodbye <b>friend</b>.').waitFor();
  await page.getByText('The bot would hang up now.').waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'What the caller says' }).isDisabled(), true);
  await settled(page);
  await accessible(page, 'trying a bot');
  await shot(page, 'bot-try');
  await page.getByRole('button', { name: 'Begin again' }).click();
  await log.getByText('Goodbye').first().waitFor({ state: 'detached' });
  await log.getByText('Welcome to the shop.').waitFor();
  clean(page, 'trying a bot');
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
  await page.context().close();
});

test('a model that cannot be reached is said in words, and what was typed stays', { timeout: 60_000 }, async () => {
  const bot = await ask('POST', '/api/v1/bots', { ...BOT, name: 'Silent shop', flow: null, llm: { provider: 'openai', model: 'm', base_url: 'http://127.0.0.1:9/v1' } });
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${bot.id}/try`);
  await page.getByText('Welcome to the shop.').waitFor();
  await page.getByRole('textbox', { name: 'What the caller says' }).fill('is anybody there');
  await page.getByRole('button', { name: 'Say it' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByRole('log', { name: 'Conversation' }).getByText('is anybody there').waitFor();
  await shot(page, 'bot-try-failed');
  clean(page, 'a silent model');
  await ask('DELETE', `/api/v1/bots/${bot.id}`);
  await page.context().close();
});
