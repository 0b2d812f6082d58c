// Knowledge: a base gets a document under a hostile name, its passages are read, a question finds it, and it goes again.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
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
  await page.getByRole('button', { name: 'Delete Shop rules' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { level: 1, name: 'Knowledge' }).waitFor();
  assert.equal((await ask('GET', '/api/v1/knowledge-bases?q=Shop')).total, 0);
  clean(page, 'the knowledge');
  await page.context().close();
});
