// A new bot from a template, with its intents; a refusal stands at its field and brings its tab.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answered, clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a bot is made from a template, gets an intent, and each change is a version', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/bots/new');
  await page.getByRole('button', { name: /A reception that works offline/ }).click();
  await page.getByLabel(/^Name/).fill('Wine shop');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Wine shop' }).waitFor();
  await page.getByRole('tab', { name: 'Intents' }).click();
  await page.getByRole('button', { name: 'Add an intent' }).click();
  const intent = page.getByRole('group', { name: 'Intent 4' });
  await intent.getByLabel('Name').fill('price');
  const named = page.getByRole('group', { name: 'price' });
  await named.getByLabel('What callers say, one per line').fill('what does it cost\nhow much is it');
  await named.getByLabel('Answer').fill('Ten dollars a bottle.');
  await shot(page, 'bot-intents');
  await page.getByRole('button', { name: 'Move price up' }).click();
  const [{ id }] = (await ask('GET', '/api/v1/bots?q=Wine')).data;
  await answered(page, 'PUT', `/api/v1/bots/${id}`, () => page.getByRole('button', { name: 'Save and use' }).click());
  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('cell', { name: '2', exact: true }).waitFor();
  const bot = await ask('GET', `/api/v1/bots/${id}`);
  assert.deepEqual(bot.flow.intents.map(({ id }) => id), ['opening_hours', 'address', 'price', 'goodbye']);
  assert.deepEqual(bot.flow.intents[2].phrases, ['what does it cost', 'how much is it']);
  clean(page, 'the bot');
  await page.context().close();
});

test('a refused field brings its tab and its words', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/bots/new');
  await page.getByRole('button', { name: /A reception that works offline/ }).click();
  await page.getByRole('tab', { name: 'Intents' }).click();
  await page.getByRole('group', { name: 'address' }).getByLabel('Answer').fill('');
  await page.getByRole('tab', { name: 'Basics' }).click();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  assert.equal(await page.getByRole('tab', { name: 'Intents' }).getAttribute('aria-selected'), 'true');
  assert.equal(await page.getByRole('group', { name: 'address' }).getByLabel('Answer').getAttribute('aria-invalid'), 'true');
  await shot(page, 'bot-refused');
  clean(page, 'the refused bot');
  await page.context().close();
});
