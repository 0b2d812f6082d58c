// A person's data is handed out and erased; the trail is exported; an engine is drained and comes back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Appliance } from '../support/appliance.mjs';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, result, URL_ } from '../support/shared.mjs';

after(close);

const PHONE = '+35679000123';

test('a person is handed out as a file, then erased after the number was typed twice', { timeout: 60_000 }, async () => {
  const bot = (await ask('GET', '/api/v1/bots?q=demo')).data[0].id;
  await result({ session_id: 'privacy-1', bot_id: bot, from_number: PHONE, call_direction: 'inbound', call_duration_seconds: 3, disconnected_by: 'user', transcript: [] });
  await result({ session_id: 'privacy-2', bot_id: bot, from_number: PHONE, call_direction: 'inbound', call_duration_seconds: 3, disconnected_by: 'user', transcript: [] });
  await ask('PUT', '/api/v1/calls/privacy-2/legal-hold', { reason: 'a dispute' });
  const page = await visitor(URL_);
  await signIn(page, 'admin');
  await go(page, '/privacy');
  await page.getByRole('button', { name: 'Erase', exact: true }).click();
  await page.locator('[aria-invalid=true]').or(page.getByRole('alert')).first().waitFor();
  await page.getByRole('textbox', { name: 'Phone number' }).fill(PHONE);
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download everything' }).click();
  const file = JSON.parse(readFileSync(await (await saving).path(), 'utf8'));
  assert.equal(file.calls.length, 2);
  await page.getByRole('button', { name: 'Erase', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: `Erase ${PHONE}?` });
  const sure = dialog.getByRole('button', { name: 'Erase' });
  assert.equal(await sure.isDisabled(), true);
  await dialog.getByRole('textbox', { name: 'The number once more' }).fill('+356');
  assert.equal(await sure.isDisabled(), true);
  await dialog.getByRole('textbox', { name: 'The number once more' }).fill(PHONE);
  await shot(page, 'privacy-sure');
  await sure.click();
  await page.getByText('The person with …0123 is erased').waitFor();
  await page.getByText('1 call made anonymous').waitFor();
  await page.getByText('1 call on legal hold stayed:').waitFor();
  await page.getByRole('table', { name: 'Erasures' }).getByText('…0123').waitFor();
  await shot(page, 'privacy');
  assert.doesNotMatch(JSON.stringify(await ask('GET', '/api/v1/calls/privacy-1')), /79000123/);
  await page.getByRole('link', { name: 'How long things are kept' }).click();
  await page.getByRole('textbox', { name: 'Days recordings are kept' }).waitFor();
  await ask('DELETE', '/api/v1/calls/privacy-2/legal-hold');
  clean(page, 'the personal data');
  await page.context().close();
});

test('the audit log is downloaded as it is filtered', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/audit?action=user.create');
  await page.getByRole('table', { name: 'Audit log' }).getByText('user.create').first().waitFor();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as a table (CSV)' }).click();
  const lines = readFileSync(await (await saving).path(), 'utf8').trim().split('\n');
  assert.ok(lines.length > 1 && lines.slice(1).every((line) => line.includes('user.create')), lines.slice(0, 3).join('\n'));
  clean(page, 'the export of the audit log');
  await page.context().close();
});

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
