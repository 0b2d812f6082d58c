// Making what answers: bots with their flow, numbers, routes, carriers. Refusals stand at their fields.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answered, clean, close, go, shot, signIn, visitor } from '../support/browser.mjs';
import { ask, URL_ } from '../support/shared.mjs';

after(close);

test('a bot is made from a template, gets an intent, and each change is a version', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/bots/new');
  await page.getByRole('button', { name: /A reception that works offline/ }).click();
  await page.getByLabel(/^Name/).fill('Wine shop');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Wine shop' }).waitFor();
  await page.getByRole('tab', { name: 'Intents' }).click();
  await page.getByRole('button', { name: 'Add an intent' }).click();
  const intent = page.getByRole('group', { name: 'Intent 4' });
  await intent.getByLabel('Name').fill('price');
  const named = page.getByRole('group', { name: 'price' });
  await named.getByLabel('What callers say, one per line').fill('what does it cost\nhow much is it');
  await named.getByLabel('Answer').fill('Ten dollars a bottle.');
  await shot(page, 'bot-intents');
  await page.getByRole('button', { name: 'Move price up' }).click();
  const [{ id }] = (await ask('GET', '/api/v1/bots?q=Wine')).data;
  await answered(page, 'PUT', `/api/v1/bots/${id}`, () => page.getByRole('button', { name: 'Save and use' }).click());
  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('cell', { name: '2', exact: true }).waitFor();
  const bot = await ask('GET', `/api/v1/bots/${id}`);
  assert.deepEqual(bot.flow.intents.map(({ id }) => id), ['opening_hours', 'address', 'price', 'goodbye']);
  assert.deepEqual(bot.flow.intents[2].phrases, ['what does it cost', 'how much is it']);
  clean(page, 'the bot');
  await page.context().close();
});

test('a refused field brings its tab and its words', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/bots/new');
  await page.getByRole('button', { name: /A reception that works offline/ }).click();
  await page.getByRole('tab', { name: 'Intents' }).click();
  await page.getByRole('group', { name: 'address' }).getByLabel('Answer').fill('');
  await page.getByRole('tab', { name: 'Basics' }).click();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  assert.equal(await page.getByRole('tab', { name: 'Intents' }).getAttribute('aria-selected'), 'true');
  assert.equal(await page.getByRole('group', { name: 'address' }).getByLabel('Answer').getAttribute('aria-invalid'), 'true');
  await shot(page, 'bot-refused');
  clean(page, 'the refused bot');
  await page.context().close();
});

test('a number is made, a taken one is refused, and it goes again after a question', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/numbers/new');
  await page.getByLabel(/^Name/).fill('Shop');
  await page.getByLabel(/^Number/).fill('1000');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('alert').or(page.locator('[aria-invalid=true]')).first().waitFor();
  await page.getByLabel(/^Number/).fill('1001');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Number Shop' }).waitFor();
  await page.getByRole('button', { name: 'Delete Shop' }).click();
  await page.getByRole('dialog', { name: 'Delete Shop?' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { level: 1, name: 'Virtual numbers' }).waitFor();
  assert.equal((await ask('GET', '/api/v1/numbers')).data.filter(({ name }) => name === 'Shop').length, 0);
  clean(page, 'the number');
  await page.context().close();
});

test('a route is added, and one can ask which row takes a call', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/routes');
  await page.getByRole('button', { name: 'New route' }).click();
  const dialog = page.getByRole('dialog', { name: 'New route' });
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('alert').or(dialog.locator('[aria-invalid=true]')).first().waitFor();
  await dialog.getByLabel('Dialled number').fill('+35621111111');
  await dialog.getByLabel('Only from').fill('+44*');
  await dialog.getByLabel('Goes to').fill('desk');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.waitFor({ state: 'detached' });
  const answer = page.getByTestId('which-row');
  await page.getByLabel('A call for').fill('35621111111');
  await page.getByLabel('from', { exact: true }).fill('+447700900123');
  await answer.getByText(/Row 1 takes it: desk/).waitFor();
  await page.getByLabel('from', { exact: true }).fill('+15550100');
  await answer.getByText(/Row 2 takes it/).waitFor();
  await page.getByLabel('A call for').fill('1000');
  await answer.getByText(/virtual number desk has this number/).waitFor();
  await page.getByRole('button', { name: 'Delete +35621111111' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('cell', { name: '+35621111111', exact: true }).waitFor({ state: 'detached' });
  clean(page, 'the routes');
  await page.context().close();
});

test('a carrier with a wrong address is refused at the field, and its password never comes back', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/carriers/new');
  await page.getByLabel(/^Name/).fill('Malta line');
  await page.getByLabel('SIP address').fill('sip:x');
  await page.getByLabel('Allowed addresses').fill('203.0.113.0/24');
  const out = page.getByRole('group', { name: 'Calling out' });
  await out.getByLabel('User name').fill('account');
  await out.getByRole('textbox', { name: 'Password' }).fill('not-to-be-seen');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  assert.equal(await page.getByLabel('SIP address').getAttribute('aria-invalid'), 'true');
  await page.getByLabel('SIP address').fill('sip.example.com:5060');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Malta line' }).waitFor();
  assert.doesNotMatch(await page.content(), /not-to-be-seen/);
  const { id } = (await ask('GET', '/api/v1/carriers')).data.find(({ name }) => name === 'Malta line');
  const encryption = page.getByRole('combobox', { name: 'Encrypted sound (SRTP)' });
  await encryption.selectOption('required');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/can be required with the transport tls only/).waitFor();
  assert.equal(await encryption.getAttribute('aria-invalid'), 'true');
  await page.getByLabel('Transport').selectOption('tls');
  await answered(page, 'PUT', `/api/v1/carriers/${id}`, () => page.getByRole('button', { name: 'Save' }).click());
  const carrier = await ask('GET', `/api/v1/carriers/${id}`);
  assert.deepEqual([carrier.media_encryption, carrier.has_outbound_auth_password], ['required', true], 'saving again keeps the password');
  await ask('DELETE', `/api/v1/carriers/${carrier.id}`);
  clean(page, 'the carrier');
  await page.context().close();
});

test('an outbound call is refused at its field, then placed, and shows up in the list', async () => {
  const page = await visitor(URL_);
  await signIn(page);
  await go(page, '/outbound/new');
  await page.getByLabel('Phone number').fill('12');
  await page.getByRole('button', { name: 'Call now' }).click();
  await page.getByRole('alert').or(page.locator('[aria-invalid=true]')).first().waitFor();
  await page.getByLabel('Phone number').fill('+35699000001');
  await page.getByLabel(/^Name/).fill('Nobody there');
  await page.getByLabel('E-mail for the outcome').fill('olivia@example.com');
  await page.getByLabel('Instructions for this call alone').fill('Tell the opening hours.');
  await page.getByRole('button', { name: 'Call now' }).click();
  await page.getByRole('heading', { level: 1, name: 'Outbound calls' }).waitFor();
  await page.getByRole('table', { name: 'Outbound calls' }).getByText('Nobody there (+35699000001)').waitFor();
  clean(page, 'the outbound call');
  await page.context().close();
});
