// Runs the console's tests: one appliance with real calls for all screens, and node's own test runner for the files.
//
//   CXBOX_BIN=/path/to/cxbox node tests/console/run.mjs [screens/NAME.test.mjs...]
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Appliance, CONVERSATION, PASSWORD, until } from './support/appliance.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** A receiver of webhooks that answers 200. */
function receiver() {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end('thank you'));
  });
  return new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(server)));
}

/** People of every rank, a line, a number, a webhook and a call that was really held. */
async function furnish(box, hooks) {
  await box.setUp();
  for (const role of ['agent', 'supervisor', 'admin']) {
    await box.call('POST', '/api/v1/users', { name: role, email: `${role}@example.com`, password: PASSWORD, role });
  }
  // It is never asked whether it is there: nobody listens at its address, and that would be an alert on the overview.
  const line = { name: 'Test line', sip_address: '127.0.0.1:9', options_interval_seconds: 0, inbound_auth_mode: 'ip', inbound_allowed_addresses: ['127.0.0.1'] };
  await box.call('POST', '/api/v1/carriers', line);
  const bots = await box.call('GET', '/api/v1/bots?q=demo');
  await box.call('POST', '/api/v1/numbers', { name: 'desk', number: '1000', bot_id: bots.data[0].id, visibility: 'public' });
  await box.call('POST', '/api/v1/webhooks', { url: `http://127.0.0.1:${hooks.address().port}/hook`, events: ['*'] });
  const { code, report } = await box.phone('1000', CONVERSATION);
  if (code !== 0) throw new Error(`the test call failed: ${report}`);
  return until('the result of the call', async () => {
    const calls = await box.call('GET', '/api/v1/calls?status=completed');
    return calls.data.find((call) => call.recording_key);
  });
}

const hooks = await receiver();
const box = await Appliance.start();
let code = 1;
try {
  const call = await furnish(box, hooks);
  const asked = process.argv.slice(2);
  const files = asked.length > 0 ? asked : readdirSync(join(here, 'screens')).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => join('screens', name));
  const env = { ...process.env, CXBOX_URL: box.url, CXBOX_TEST_CALL: call.session_id, CXBOX_TEST_TOKEN: box.token, CXBOX_TEST_CORE: box.secret('cxbcore_secret') };
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files], { cwd: here, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (part) => {
    process.stdout.write(part);
    said += part;
  });
  code = await new Promise((done) => child.once('close', done));
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(said)?.[1] ?? 0);
  // The line tests/run counts by.
  console.log(`test result: ${code === 0 ? 'ok' : 'FAILED'}. ${count('pass')} passed; ${count('fail') + count('cancelled')} failed;`);
} finally {
  await box.end();
  hooks.close();
}
process.exit(code ?? 1);
