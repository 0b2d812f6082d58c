// A person's data is handed out and erased.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
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
