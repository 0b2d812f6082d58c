// The second language: no screen shows a message's key, or English words that the other language has words of its own for.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { screens } from '../support/screens.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

const SOURCE = new URL('../../../assets/console/src', import.meta.url).pathname;
/** Words of the API that are the same in every language, and stand on screens as themselves. */
const OF_THE_API = new Set(['admin', 'active', 'draft', 'failed', 'running', 'local', 'none', 'All', 'Name', 'Status', 'Version']);

function below(folder) {
  return readdirSync(folder).flatMap((name) => (statSync(join(folder, name)).isDirectory() ? below(join(folder, name)) : [join(folder, name)]));
}

/** All messages by key, as they stand in the source: what is between `en:` and `de:`, and what is after it. */
function messages() {
  const all = new Map();
  for (const path of below(SOURCE).filter((path) => path.endsWith('.ts'))) {
    const text = readFileSync(path, 'utf8');
    if (!text.includes('define({')) continue;
    const [en, de] = text.split(/^  de: \{$/m);
    const read = (part) => [...part.matchAll(/^    '([\w.-]+)': ['"](.*)['"],$/gm)].map(([, key, words]) => [key, words]);
    const german = new Map(read(de));
    for (const [key, words] of read(en)) all.set(key, { en: words, de: german.get(key) });
  }
  return all;
}

test('every screen speaks German', { timeout: 240_000 }, async () => {
  const known = messages();
  assert.ok(known.size > 500, `${known.size} messages were found in the source`);
  const english = new Set([...known.values()].filter(({ en, de }) => en !== de && !en.includes('{') && !OF_THE_API.has(en)).map(({ en }) => en));
  const german = new Set([...known.values()].map(({ de }) => de));
  const page = await visitor(URL_, { locale: 'de-DE' });
  await signIn(page);
  const found = [];
  for (const [path, heading] of await screens()) {
    // The manual and the description of the API are written in English.
    if (heading === null || /^\/(docs|reference)/.test(path)) continue;
    await go(page, path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settled(page);
    const words = await page.evaluate(() => {
      const labels = [...document.querySelectorAll('[aria-label],[placeholder],[title]')].flatMap((node) => ['aria-label', 'placeholder', 'title'].map((name) => node.getAttribute(name)));
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts = [];
      while (walk.nextNode()) texts.push(walk.currentNode.data);
      return [...new Set([...labels, ...texts].map((text) => text?.trim()).filter(Boolean))];
    });
    for (const text of words) {
      if (known.has(text) && text.includes('.')) found.push(`${path}: the key ${text}`);
      if (english.has(text) && !german.has(text)) found.push(`${path}: ${text}`);
    }
  }
  assert.deepEqual(found, []);
  await go(page, '/privacy');
  await settled(page);
  await shot(page, 'privacy-german');
  clean(page, 'the German screens');
  await page.context().close();
});
