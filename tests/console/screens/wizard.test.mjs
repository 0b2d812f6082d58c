// A fresh box: from its setup token to a call that is held, in the steps of the wizard.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Appliance, CONVERSATION, PASSWORD } from '../support/appliance.mjs';
import { accessible, clean, close, shot, visitor } from '../support/browser.mjs';

/** Clicks and fields a newcomer may need. */
const MOST_ACTS = 40;

let box;
before(async () => {
  box = await Appliance.start();
});
after(async () => {
  await close();
  await box?.end();
});

test('the wizard leads to a first call', { timeout: 180_000 }, async () => {
  const page = await visitor(box.url);
  let acts = 0;
  const fill = async (label, text) => {
    acts += 1;
    await page.getByLabel(label).fill(text);
  };
  const press = async (name) => {
    acts += 1;
    await page.getByRole('button', { name }).click();
  };
  await page.goto('/');
  acts += 1;
  await page.getByRole('link', { name: 'Set it up' }).click();
  await fill('Setup token', 'not-the-token');
  await fill('Your user name', 'olivia');
  await fill('Your e-mail', 'olivia@example.com');
  await fill(/^Your password/, PASSWORD);
  await press('Make me the owner');
  assert.match(await page.getByRole('alert').innerText(), /setup token/i);
  await fill('Setup token', box.setupToken());
  await accessible(page, 'the first step');
  await shot(page, 'wizard-owner');
  await press('Make me the owner');
  await press('No trunk yet');
  await page.getByLabel('What is it called?').waitFor();
  await accessible(page, 'the step of the bot');
  await shot(page, 'wizard-bot');
  await press('Make the bot');
  await fill(/^Number/, '100');
  await press('Make the number');
  await page.getByRole('heading', { name: 'Ready. Call 100' }).waitFor();
  // The command can be copied as it stands, whatever the box listens on.
  await page.getByText(`cxbox lab phone --call 'sip:100@127.0.0.1:${box.sip}'`).waitFor();
  await accessible(page, 'the last step');
  await shot(page, 'wizard-call');
  acts += 1;
  await page.getByRole('link', { name: 'Open the live monitor' }).click();
  const over = box.phone('100', CONVERSATION);
  await page.getByTestId('live-call').getByText('when are you open').waitFor({ timeout: 60_000 });
  assert.equal((await over).code, 0);
  assert.ok(acts <= MOST_ACTS, `${acts} clicks and fields`);
  clean(page, 'the wizard');
  await page.context().close();
});
