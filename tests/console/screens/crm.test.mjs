// The CRM: a mapping is refused at its field, tried with a past call, told of it, and told again from its row.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { until } from '../support/appliance.mjs';
import { clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, CALL, URL_ } from '../support/shared.mjs';

const told = [];
let crm;
before(async () => {
  crm = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      told.push(body);
      response.end('{}');
    });
  });
  await new Promise((ready) => crm.listen(0, '127.0.0.1', ready));
});
after(async () => {
  await close();
  crm.close();
});

test('a mapping is tried with a past call, then the CRM is told of it, and told again', { timeout: 120_000 }, async () => {
  const call = await ask('GET', `/api/v1/calls/${CALL}`);
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, `/bots/${call.bot_id}/crm`);
  await page.getByRole('switch', { name: 'Tell the CRM when a call is over' }).check({ force: true });
  const push = page.getByRole('region', { name: 'Tell the CRM when a call is over' });
  await push.getByLabel('Address').fill('not a url');
  await page.getByRole('button', { name: 'Save and use' }).click();
  await page.getByRole('alert').or(page.locator('[aria-invalid=true]')).first().waitFor();
  await push.getByLabel('Address').fill(`http://127.0.0.1:${crm.address().port}/calls`);
  const mapper = page.getByRole('group', { name: 'What each field gets' });
  await mapper.getByLabel('Field of the CRM 1', { exact: true }).fill('lead.phone');
  await mapper.getByLabel('Value 2', { exact: true }).fill('{{call.nothing_of_this_name}}');
  const dry = page.getByRole('region', { name: 'Try it with a past call' });
  // Other tests store calls of this bot too: the one that was held with a telephone is meant.
  await dry.getByRole('combobox', { name: 'Call' }).selectOption(CALL);
  await dry.getByRole('button', { name: 'Fill in' }).click();
  const outcome = page.getByTestId('dry-run');
  await outcome.getByText(/\+35699123456/).waitFor();
  await outcome.getByText(/Nothing is known for .*nothing_of_this_name/).waitFor();
  await dry.scrollIntoViewIfNeeded();
  await shot(page, 'crm-dry-run');
  assert.equal(told.length, 0, 'nothing was sent');
  await page.getByRole('button', { name: 'Save and use' }).click();
  await page.getByText('Saved').first().waitFor();
  await ask('POST', `/api/v1/calls/${CALL}/crm-push/retry?force=true`);
  await until('the push', () => told.find((body) => body.includes('+35699123456')), 30_000);
  await go(page, '/crm');
  await page.getByRole('row').filter({ hasText: CALL }).getByText('told').waitFor();
  await page.getByRole('button', { name: `Tell it again ${CALL}` }).click();
  await until('the second push', () => told.length === 2, 30_000);
  await shot(page, 'crm-pushes');
  await go(page, `/calls/${CALL}`);
  await page.getByRole('region', { name: 'CRM' }).getByText('told').waitFor();
  const bot = await ask('GET', `/api/v1/bots/${call.bot_id}`);
  assert.equal(bot.post_call_push.key_mapper['lead.phone'], '{{call.from_number}}');
  await go(page, `/bots/${call.bot_id}/crm`);
  await page.getByRole('switch', { name: 'Tell the CRM when a call is over' }).uncheck({ force: true });
  await page.getByRole('button', { name: 'Save and use' }).click();
  await until('the switch', async () => (await ask('GET', `/api/v1/bots/${call.bot_id}`)).post_call_push.enabled === false);
  clean(page, 'the CRM');
  await page.context().close();
});
