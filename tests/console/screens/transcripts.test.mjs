// Transcripts: found by a part of the number, read, saved as text, shared by a link that a stranger can open until it is taken back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { clean, close, go, open, shot, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

test('a transcript is found, saved and shared, and its link is taken back', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/transcripts');
  await page.getByLabel('Number, name or rule').fill('no such number');
  await page.getByText('No transcript matches').waitFor();
  await page.getByLabel('Number, name or rule').fill('desk');
  await page.waitForURL(/q=desk/);
  // The oldest one: whoever called the desk later may have said nothing.
  await page.getByRole('table', { name: 'Transcripts' }).getByRole('link').last().click();
  const words = page.getByRole('region', { name: 'Conversation' });
  await words.getByText('when are you open').waitFor();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as text' }).click();
  const text = readFileSync(await (await saving).path(), 'utf8');
  assert.match(text, /^\[0:0\d\] Bot: /);
  assert.match(text, /Caller: when are you open/);
  await page.getByLabel('How long it works').selectOption('24');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const url = await page.getByTestId('secret').innerText();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  const stranger = await (await open()).newPage();
  const shown = new URL(url);
  const here = URL_ + shown.pathname;
  assert.equal((await stranger.goto(here)).status(), 200);
  await stranger.getByText('when are you open').waitFor();
  await page.getByRole('button', { name: /^Take back/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
  await page.getByRole('cell', { name: 'taken back' }).first().waitFor();
  assert.equal((await stranger.goto(here)).status(), 410);
  await stranger.close();
  await go(page, '/transcripts/shares');
  await page.getByRole('table', { name: 'Links' }).getByText('taken back').first().waitFor();
  await shot(page, 'shares');
  await go(page, '/transcripts/nothing-of-this-name');
  await page.getByText('This does not exist').waitFor();
  clean(page, 'the transcripts');
  await page.context().close();
});
