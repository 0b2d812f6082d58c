// Every screen in both colours: nothing serious for axe, no violation of the content policy, no error in the browser.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible, clean, close, go, settled, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, CALL, URL_ } from '../support/shared.mjs';

after(close);

/** Screens of one thing, and the name of their picture: the ids differ from run to run. */
const first = async (path) => (await ask('GET', path)).data[0].id;

async function screens() {
  return [
    ['/', 'Overview'],
    ['/live', 'Live monitor'],
    ['/calls', 'Calls'],
    [`/calls/${CALL}`, /Call with/, 'call'],
    ['/outbound', 'Outbound calls'],
    ['/outbound/new', 'New call'],
    ['/bots', 'Bots'],
    ['/bots/new', 'New bot'],
    [`/bots/${await first('/api/v1/bots?q=demo')}`, 'demo reception', 'bot'],
    [`/bots/${await first('/api/v1/bots?q=demo')}/versions`, 'demo reception', 'bot-versions-empty'],
    [`/bots/${await first('/api/v1/bots?q=demo')}/preview`, 'demo reception', 'bot-preview-demo'],
    ['/numbers', 'Virtual numbers'],
    [`/numbers/${await first('/api/v1/numbers')}`, /Number/, 'number'],
    ['/routes', 'Inbound routes'],
    ['/carriers', 'Carriers'],
    [`/carriers/${await first('/api/v1/carriers')}`, 'Test line', 'carrier'],
    ['/webhooks', 'Webhooks'],
    ['/webhooks/new', 'New webhook'],
    [`/webhooks/${await first('/api/v1/webhooks')}`, /127\.0\.0\.1/, 'webhook'],
    ['/api-keys', 'API keys'],
    ['/users', 'Users'],
    ['/me', 'Change password'],
    ['/transcripts', 'Transcripts'],
    ['/transcripts/shares', 'Transcripts'],
    [`/transcripts/${encodeURIComponent((await ask('GET', '/api.ashx/v1/transcripts')).data[0].file)}`, /Transcript of/, 'transcript'],
    ['/mails', 'Mails'],
    ['/prompts', 'Prompts'],
    ['/prompts/new', 'New prompt'],
    ['/prompts/reminder', 'reminder'],
    ['/phones', 'Telephones'],
    ['/lists', 'Who may be called'],
    ['/lists/whitelist', 'Who may be called'],
    ['/lists/check', 'Who may be called'],
    ['/clients', 'Sign-in clients'],
    ['/settings', 'Settings'],
    ['/settings/mail', 'Settings'],
    ['/settings/brand', 'Settings'],
    ['/settings/fleet', 'Settings'],
    ['/settings/history', 'Settings'],
    ['/settings/storage', 'Settings'],
    ['/settings/backup', 'Settings'],
    ['/backups', 'Backups'],
    ['/crm', 'CRM'],
    ['/knowledge', 'Knowledge'],
    [`/bots/${await first('/api/v1/bots?q=demo')}/crm`, 'demo reception', 'bot-crm'],
    ['/fleet', 'Engines'],
    ['/audit', 'Audit log'],
    ['/status', 'Status'],
    ['/docs', /^Manual$/],
    ['/docs/console', /^Manual$/],
    ['/reference', 'API reference'],
    ['/nothing-here', null],
  ];
}

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
      await shot(page, `${name ?? (path.replaceAll(/[^a-z]+/g, '-').replace(/^-|-$/g, '') || 'overview')}-${colours}`);
      clean(page, `${path} ${colours}`);
      await accessible(page, `${path} ${colours}`);
    }
    await page.context().close();
  });
}

test('on a telephone the monitor fits and the menu opens', async () => {
  const page = await visitor(URL_, { viewport: { width: 390, height: 780 } });
  await signIn(page);
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Live monitor' }).click();
  await page.getByRole('heading', { level: 1, name: 'Live monitor' }).waitFor();
  const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  assert.equal(isTooWide, false);
  await shot(page, 'live-telephone');
  clean(page, 'the monitor on a telephone');
  await page.context().close();
});
