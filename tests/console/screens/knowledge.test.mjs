// Knowledge: a base gets a document under a hostile name, its passages are read, a question finds it, and it goes again; a huge one is stopped.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { answered, clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

const TEXT = '# Returns\n\nA book may be brought back within thirty days with its receipt.\n\n# Parking\n\nThere are twelve places behind the shop.\n';

test('a document is added, found by a question, and removed', { timeout: 180_000 }, async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/knowledge');
  await page.getByRole('button', { name: 'New knowledge base' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New knowledge base' });
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.locator('[aria-invalid=true]').first().waitFor();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Shop rules');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Shop rules' }).waitFor();
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add files' }).click();
  await (await choosing).setFiles([
    { name: '<script>alert(1)<script>.md', mimeType: 'text/markdown', buffer: Buffer.from(TEXT) },
    { name: 'broken.pdf', mimeType: 'application/pdf', buffer: Buffer.from('no pdf at all') },
  ]);
  const table = page.getByRole('table', { name: 'Documents' });
  await table.getByText('found by searches').waitFor({ timeout: 90_000 });
  await table.getByText('failed').waitFor({ timeout: 90_000 });
  await shot(page, 'knowledge-documents');
  await page.getByRole('button', { name: /^Passages / }).first().click();
  await page.getByRole('dialog').getByText('thirty days').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('tab', { name: 'Try a question' }).click();
  await page.getByRole('textbox', { name: 'Question' }).fill('how long can I return a book?');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('article').first().getByText('thirty days').waitFor();
  await page.getByText(/words .*place|meaning .*place/).first().waitFor();
  await shot(page, 'knowledge-search');
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByLabel('What measures the meaning of passages').selectOption('openai');
  await page.getByLabel('Address of the server').fill('ftp://vectors');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByLabel('Address of the server').and(page.locator('[aria-invalid=true]')).waitFor();
  await page.getByLabel('What measures the meaning of passages').selectOption('built_in');
  await page.getByLabel('Characters of a passage').fill('900');
  const [{ id }] = (await ask('GET', '/api/v1/knowledge-bases?q=Shop')).data;
  await answered(page, 'PATCH', `/api/v1/knowledge-bases/${id}`, () => page.getByRole('button', { name: 'Save' }).click());
  assert.equal((await ask('GET', `/api/v1/knowledge-bases/${id}`)).chunk_chars, 900);
  await page.getByRole('button', { name: 'Delete Shop rules' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { level: 1, name: 'Knowledge' }).waitFor();
  assert.equal((await ask('GET', '/api/v1/knowledge-bases?q=Shop')).total, 0);
  clean(page, 'the knowledge');
  await page.context().close();
});

test('a document of 50 MB shows how far it is and can be stopped', { timeout: 120_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cxbox-document-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const large = join(folder, 'large.txt');
  writeFileSync(large, 'Twelve places stand behind the shop.\n'.repeat(1_450_000));
  assert.ok(statSync(large).size > 50_000_000);
  await ask('PUT', '/api/v1/settings/knowledge', { max_document_mb: 60 });
  const base = await ask('POST', '/api/v1/knowledge-bases', { name: 'Large rules' });
  const page = await visitor(URL_);
  const session = await page.context().newCDPSession(page);
  await signIn(page);
  await go(page, `/knowledge/${base.id}`);
  await page.getByRole('button', { name: 'Add files' }).waitFor();
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 800_000 });
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add files' }).click();
  await (await choosing).setFiles(large);
  await page.waitForFunction(() => Number(document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')) > 0);
  await shot(page, 'knowledge-upload');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Add files' }).waitFor();
  assert.equal((await ask('GET', `/api/v1/knowledge-bases/${base.id}/documents`)).total, 0);
  clean(page, 'the stopped document');
  await page.context().close();
  await ask('DELETE', `/api/v1/knowledge-bases/${base.id}?purge=true`);
  await ask('PUT', '/api/v1/settings/knowledge', { max_document_mb: null });
});
