// A real cxbox in a temporary data folder, on free ports of 127.0.0.1.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READY_WITHIN_MS = 60_000;
const ENDED_WITHIN_MS = 30_000;
export const PASSWORD = 'a-long-password-for-tests';

export const binary = () => {
  const path = process.env.CXBOX_BIN;
  if (!path) throw new Error('CXBOX_BIN names the program to test');
  return path;
};

/** Waits until `ask` gives something; asks again shortly afterwards until then. */
export async function until(what, ask, within = 20_000) {
  const end = Date.now() + within;
  for (;;) {
    const got = await ask();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what} did not come within ${within} ms`);
    await new Promise((go) => setTimeout(go, 100));
  }
}

const listens = (server, port) =>
  new Promise((answer) => {
    server.once('error', () => answer(false));
    const done = () => server.close(() => answer(true));
    if ('bind' in server) server.bind(port, '127.0.0.1', done);
    else server.listen(port, '127.0.0.1', done);
  });

/** A port below the ephemeral ones that nobody uses for TCP or UDP. */
async function freePort() {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 18_000);
    if ((await listens(createServer(), port)) && (await listens(createSocket('udp4'), port))) return port;
  }
}

export class Appliance {
  static async start() {
    const own = new Appliance();
    own.folder = mkdtempSync(join(tmpdir(), 'cxbox-console-'));
    own.http = await freePort();
    own.sip = await freePort();
    own.rtp = (await freePort()) & ~1;
    own.url = `http://127.0.0.1:${own.http}`;
    await own.up();
    return own;
  }

  async up() {
    const log = openSync(join(this.folder, 'test.log'), 'a');
    const flags = ['--data-dir', this.folder, '--tls', 'off', '--http', `127.0.0.1:${this.http}`, '--sip', `127.0.0.1:${this.sip}`];
    const env = { ...process.env, CXBOX_OUTBOUND__ALLOW_CIDRS: '127.0.0.0/8', CXBOX_OUTBOUND__WINDOW: 'off' };
    this.process = spawn(binary(), ['serve', ...flags, '--rtp-ports', `${this.rtp}-${this.rtp + 39}`], { stdio: ['ignore', log, log], env });
    this.ended = new Promise((go) => this.process.once('exit', go));
    await until(
      'the appliance',
      () => {
        if (this.process.exitCode !== null) throw new Error(`the appliance ended: ${readFileSync(join(this.folder, 'test.log'), 'utf8').slice(-2000)}`);
        return fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
      },
      READY_WITHIN_MS,
    );
  }

  /** Ends it gracefully; the folder stays for another start. */
  async down() {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), ENDED_WITHIN_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async end() {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  secret(name) {
    return readFileSync(join(this.folder, 'secrets', name), 'utf8').trim();
  }

  setupToken() {
    return this.secret('setup_token');
  }

  /** Makes the owner and keeps their token. */
  async setUp() {
    const owner = { name: 'olivia', email: 'olivia@example.com', password: PASSWORD };
    await this.call('POST', '/api/v1/setup', { token: this.setupToken(), ...owner });
    const form = new URLSearchParams({ grant_type: 'password', client_id: 'codeb-admin', username: 'olivia', password: PASSWORD, scope: 'openid' });
    this.token = (await (await fetch(`${this.url}/oidc.ashx/token`, { method: 'POST', body: form })).json()).access_token;
  }

  /** Asks the API as the owner; anything but a success is thrown. */
  async call(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Stores a result as an engine does. */
  result(body) {
    return this.call('POST', '/api/v1/call-results', body, { 'x-cxbcore-secret': this.secret('cxbcore_secret') });
  }

  /** A scripted telephone calls; resolves with its report when the call is over. */
  phone(number, steps) {
    return scripted(['--call', `sip:${number}@127.0.0.1:${this.sip}`, '--from', '+35699123456', ...steps]).over;
  }
}

function scripted(args) {
  const child = spawn(binary(), ['lab', 'phone', '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let report = '';
  child.stdout.on('data', (part) => {
    report += part;
  });
  const over = new Promise((done) => child.once('exit', (code) => done({ code, report })));
  return { over, end: () => child.kill() };
}

/** A scripted telephone that is called: where it is, its report when the call is over, and a way to be rid of it when nobody calls. */
export async function telephone(steps) {
  const address = `127.0.0.1:${await freePort()}`;
  return { address, ...scripted(['--listen', address, ...steps]) };
}

/** Greeting, question, answer, goodbye; the bot hangs up. */
export const CONVERSATION = [
  ['--expect-speech', '20000', '--wait-silence', '1200', '--say', 'when are you open'],
  ['--expect-speech', '20000', '--wait-silence', '1200', '--say', 'goodbye', '--expect-hangup', '30000'],
].flat();
