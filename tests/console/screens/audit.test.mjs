// The audit log as a file, as it is filtered.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { clean, close, go, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

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
