// The manual and the description of the API are searched; the palette leads everywhere.
import { after, test } from 'node:test';
import { clean, close, go, settled, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

test('the manual is searched, and the palette leads everywhere', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.getByLabel('Where to?').fill('manual');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Manual' }).waitFor();
  await page.getByLabel('Search the manual').fill('signature');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /Webhooks/ }).click();
  await page.getByRole('article').getByRole('heading', { name: 'Webhooks' }).waitFor();
  await page.getByRole('article').getByRole('link', { name: 'events.md' }).first().click();
  await page.waitForURL(/\/docs\/events$/);
  await page.waitForFunction(() => window.scrollY === 0);
  await go(page, '/docs/settings#browser');
  await page.waitForFunction(() => Math.abs(document.querySelector('#browser')?.getBoundingClientRect().top ?? 1e6) < window.innerHeight);
  await go(page, '/reference');
  await page.getByLabel('Path or words').fill('deliveries resend');
  await page.getByText('/api/v1/webhooks/{id}/deliveries/{delivery_id}/resend').waitFor();
  clean(page, 'the words');
  await page.context().close();
});
