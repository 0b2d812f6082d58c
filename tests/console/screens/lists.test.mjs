// Who may be called: both lists, an import with refused rows, a large import that is stopped, and the question to the gate.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

const file = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

test('numbers are added, imported, looked for, and what is listed may not be called', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/lists');
  await page.getByRole('textbox', { name: 'Phone number' }).fill('12');
  await page.getByRole('button', { name: 'Add number' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  await page.getByRole('textbox', { name: 'Phone number' }).fill('+356 2123 0001');
  await page.getByRole('textbox', { name: 'Note' }).fill('<b>asked</b> for it');
  await page.getByRole('button', { name: 'Add number' }).click();
  const table = page.getByRole('table', { name: 'Do not call' });
  await table.getByText('<b>asked</b> for it').waitFor();
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Import a list' }).click();
  await (await choosing).setFiles(file('list.csv', 'phone,note\n+35621230002,from the office\nnot a number,x\n+35621230001,twice\n'));
  await page.getByText('1 added, 1 were listed already, 1 refused').waitFor();
  await page.getByRole('table', { name: 'Refused rows' }).getByText('not a number').waitFor();
  await shot(page, 'lists-imported');
  await page.getByRole('searchbox', { name: 'Search' }).fill('office');
  await table.getByText('+35621230001').waitFor({ state: 'detached' });
  await table.getByText('+35621230002').waitFor();
  await page.getByRole('tab', { name: 'May it be called?' }).click();
  await page.getByRole('textbox', { name: 'Phone number' }).fill('+35621230002');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByTestId('verdict').getByText('It may not be called').waitFor();
  await page.getByRole('textbox', { name: 'Phone number' }).fill('+35621239999');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByTestId('verdict').getByText('It may be called').waitFor();
  await shot(page, 'lists-verdict');
  for (const phone of ['+35621230001', '+35621230002']) await ask('DELETE', `/api/v1/do-not-call/${encodeURIComponent(phone)}`);
  clean(page, 'the lists');
  await page.context().close();
});

test('a number is whitelisted and taken off again', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/lists/whitelist');
  await page.getByRole('textbox', { name: 'Phone number' }).fill('+35621230003');
  await page.getByRole('button', { name: 'Add number' }).click();
  await page.getByRole('button', { name: 'Delete +35621230003' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('cell', { name: '+35621230003', exact: true }).waitFor({ state: 'detached' });
  clean(page, 'the whitelist');
  await page.context().close();
});

test('a large file shows how far it is and can be stopped', async () => {
  const page = await visitor(URL_);
  const folder = mkdtempSync(join(tmpdir(), 'cxbox-upload-'));
  const large = join(folder, 'large.csv');
  writeFileSync(large, 'phone\n'.concat('+35621230004\n'.repeat(2_000_000)));
  const session = await page.context().newCDPSession(page);
  await signIn(page);
  await go(page, '/lists');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 });
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Import a list' }).click();
  await (await choosing).setFiles(large);
  const progress = page.getByRole('progressbar', { name: 'How much was sent' });
  await progress.waitFor();
  await page.waitForFunction(() => Number(document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')) > 0);
  await shot(page, 'lists-upload');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Import a list' }).waitFor();
  assert.equal((await ask('GET', '/api/v1/do-not-call?q=35621230004')).total, 0);
  rmSync(folder, { recursive: true });
  clean(page, 'the stopped import');
  await page.context().close();
});
