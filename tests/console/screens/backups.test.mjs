// Backups: one is made with the master key, checked, downloaded and deleted.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a backup is made, checked, downloaded and deleted', { timeout: 120_000 }, async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/backups');
  await page.getByRole('button', { name: 'Back up now' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Back up now' });
  await dialog.getByRole('textbox', { name: 'Passphrase for the master key' }).fill('short');
  await dialog.getByRole('button', { name: 'Begin' }).click();
  await dialog.locator('input[type=password][aria-invalid=true]').waitFor();
  await dialog.getByText('must have 12 to 1024 characters').waitFor();
  await dialog.getByRole('textbox', { name: 'Passphrase for the master key' }).fill('long enough for a backup');
  await dialog.getByRole('button', { name: 'Begin' }).click();
  await dialog.waitFor({ state: 'detached' });
  const table = page.getByRole('table', { name: 'Backups' });
  await table.getByText('whole').first().waitFor({ timeout: 60_000 });
  await table.getByText('master key').first().waitFor();
  const [{ name }] = (await ask('GET', '/api/v1/backups')).data;
  await page.getByRole('button', { name: `Check ${name}` }).click();
  await table.getByText(/^checked /).first().waitFor({ timeout: 60_000 });
  await shot(page, 'backup-checked');
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: `Download ${name}` }).click();
  assert.ok(statSync(await (await saving).path()).size > 10_000);
  await page.getByRole('button', { name: `Delete ${name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('cell', { name, exact: true }).waitFor({ state: 'detached' });
  clean(page, 'the backups');
  await page.context().close();
});
