// The doctor tells an owner what it finds.
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

test('the doctor tells an owner what it finds, and nobody else', { timeout: 60_000 }, async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/status');
  await page.getByRole('region', { name: 'What the doctor finds' }).getByText('well', { exact: true }).first().waitFor({ timeout: 30_000 });
  await shot(page, 'doctor');
  clean(page, 'the doctor');
  await page.context().close();
  const admin = await visitor(URL_);
  await signIn(admin, 'admin', '/backups');
  await admin.getByText('Your role does not allow this').waitFor();
  clean(admin, 'the backups of an administrator');
  await admin.context().close();
});
