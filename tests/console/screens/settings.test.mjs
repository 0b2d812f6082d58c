// The settings: a change holds and is in the history, a refusal stands at its field, a fixed key cannot be touched, an administrator only reads.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a setting is changed, refused at its field, and taken back to its default', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/settings');
  await page.getByLabel('Calls per day').fill('250');
  await page.getByLabel('Countries that may be called').fill('MT\nmalta');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  assert.equal(await page.getByLabel('Countries that may be called').getAttribute('aria-invalid'), 'true');
  assert.match(await page.getByText(/two capital letters/).innerText(), /capital letters/);
  assert.equal(await page.getByLabel('Calls per day').inputValue(), '250', 'what was typed stays');
  await page.getByLabel('Countries that may be called').fill('MT\nUS');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').first().waitFor();
  const stored = await ask('GET', '/api/v1/settings/outbound');
  assert.deepEqual([stored.daily_cap, stored.allowed_countries], [250, ['MT', 'US']]);
  assert.equal(await page.getByLabel('Calling window').isDisabled(), true, 'a key of the environment is fixed');
  await page.getByRole('button', { name: 'Back to default: Calls per day' }).click();
  await page.waitForFunction(() => [...document.querySelectorAll('input')].some((input) => input.value === '1000'));
  await page.getByRole('button', { name: 'Back to default: Countries that may be called' }).click();
  await page.getByRole('tab', { name: 'History' }).click();
  await page.waitForURL(/\/settings\/history$/);
  await page.getByRole('table', { name: 'History' }).getByText(/Calls per day/).first().waitFor();
  await shot(page, 'settings-history');
  clean(page, 'the settings');
  await page.context().close();
});

test('a mail server that does not answer is said so in words', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/settings/mail');
  await page.getByRole('textbox', { name: 'Server', exact: true }).fill('127.0.0.1');
  await page.getByLabel('Port').fill('9');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  await page.getByRole('textbox', { name: 'From' }).fill('cxbox@example.com');
  await page.getByLabel('Encryption').selectOption('off');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').first().waitFor();
  await page.getByRole('button', { name: 'Send a test mail' }).click();
  await page.getByRole('alert', { name: 'That did not work' }).waitFor();
  for (const name of ['Server', 'Port', 'From', 'Encryption']) {
    await page.getByRole('button', { name: `Back to default: ${name}` }).click();
    await page.getByRole('button', { name: `Back to default: ${name}` }).waitFor({ state: 'detached' });
  }
  clean(page, 'the mail server');
  await page.context().close();
});

test('an administrator reads the settings and cannot change them', async () => {
  const page = await visitor(URL_);
  await signIn(page, 'admin');
  await go(page, '/settings');
  await page.getByText('an owner of this box may change them').waitFor();
  assert.equal(await page.getByLabel('Calls per day').isDisabled(), true);
  assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0);
  clean(page, 'the settings of an administrator');
  await page.context().close();
});
