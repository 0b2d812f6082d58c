// Engines: one is drained from its screen and comes back.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Appliance } from '../support/appliance.mjs';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';

after(close);

test('an engine is drained from its screen and is well again afterwards', { timeout: 120_000 }, async () => {
  const box = await Appliance.start();
  try {
    await box.setUp();
    const state = async () => (await box.call('GET', '/api/v1/fleet/status')).workers[0].status;
    assert.equal(await state(), 'ok');
    const page = await visitor(box.url);
    await signIn(page);
    await go(page, '/fleet');
    const ordered = page.waitForResponse((answer) => answer.url().endsWith('/fleet/drain'));
    await page.getByRole('button', { name: 'Drain local' }).click();
    await page.getByRole('dialog').getByText('is started anew').waitFor();
    await shot(page, 'fleet-drain');
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    assert.equal((await ordered).status(), 204);
    await page.getByText('local takes no more calls').waitFor();
    await page.getByRole('region', { name: 'local' }).getByText('healthy').waitFor({ timeout: 60_000 });
    clean(page, 'the drained engine');
    await page.context().close();
  } finally {
    await box.end();
  }
});
