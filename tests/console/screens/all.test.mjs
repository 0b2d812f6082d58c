// Every screen in both colours: nothing serious for axe, no violation of the content policy, no error in the browser.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible, clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { screens } from '../support/screens.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

const pictureOf = (path, name) => name ?? (path.replaceAll(/[^a-z]+/g, '-').replace(/^-|-$/g, '') || 'overview');
/** Whether one has to move the page sideways to see all of it. */
const isTooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);

for (const colours of ['light', 'dark']) {
  test(`every screen is sound in ${colours} colours`, { timeout: 240_000 }, async () => {
    const page = await visitor(URL_, { colours });
    await page.goto('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await accessible(page, `sign-in ${colours}`);
    await shot(page, `sign-in-${colours}`);
    await signIn(page);
    for (const [path, heading, name] of await screens()) {
      await go(page, path);
      if (heading) await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await settled(page);
      await shot(page, `${pictureOf(path, name)}-${colours}`);
      clean(page, `${path} ${colours}`);
      await accessible(page, `${path} ${colours}`);
    }
    await page.context().close();
  });
}

test('every screen fits a telephone', { timeout: 240_000 }, async () => {
  const page = await visitor(URL_, { viewport: { width: 390, height: 780 } });
  await signIn(page);
  const tooWide = [];
  for (const [path, heading, name] of await screens()) {
    await go(page, path);
    if (heading) await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await settled(page);
    await shot(page, `${pictureOf(path, name)}-telephone`);
    if (await isTooWide(page)) tooWide.push(path);
  }
  assert.deepEqual(tooWide, []);
  clean(page, 'the screens on a telephone');
  await page.context().close();
});

test('on a telephone the monitor fits and the menu opens', async () => {
  const page = await visitor(URL_, { viewport: { width: 390, height: 780 } });
  await signIn(page);
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Live monitor' }).click();
  await page.getByRole('heading', { level: 1, name: 'Live monitor' }).waitFor();
  assert.equal(await isTooWide(page), false);
  clean(page, 'the monitor on a telephone');
  await page.context().close();
});
