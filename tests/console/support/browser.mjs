// Chromium with the checks that hold on every screen: no CSP violation, no error in the console, nothing serious for axe.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { PASSWORD } from './appliance.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const SHOTS = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cxbox', 'console-screens');
mkdirSync(SHOTS, { recursive: true });

/** What a browser says by itself when a request is refused; the screen shows that in words. */
const EXPECTED = /Failed to load resource|net::ERR_/;

const browsers = new Map();

/** The browser with these further flags; started when it is first asked for. */
export async function open(flags = []) {
  const key = flags.join(' ');
  if (!browsers.has(key)) {
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required', ...flags];
    browsers.set(key, await chromium.launch({ executablePath: process.env.CXBOX_CHROMIUM ?? '/usr/bin/chromium', args }));
  }
  return browsers.get(key);
}

export async function close() {
  for (const browser of browsers.values()) await browser.close();
  browsers.clear();
}

/** A fresh visitor. `page.problems` collects what must not happen on any screen. */
export async function visitor(url, { colours = 'light', locale = 'en-GB', viewport = { width: 1360, height: 900 }, flags = [] } = {}) {
  const context = await (await open(flags)).newContext({ baseURL: url, colorScheme: colours, locale, viewport, timezoneId: 'Europe/Malta', reducedMotion: 'reduce' });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  if (process.env.CXBOX_DIST) await fromDisk(context, process.env.CXBOX_DIST);
  const page = await context.newPage();
  page.problems = [];
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) page.problems.push(message.text());
  });
  page.on('pageerror', (error) => page.problems.push(String(error)));
  return page;
}

/** While one works on the console: its files come from a folder, under the policy the program sends, so that nothing need be compiled. */
async function fromDisk(context, folder) {
  const kinds = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  const isApi = /^\/(api\/|api\.ashx|oidc\.ashx|oauth2|\.well-known|readyz|healthz|version|openapi\.json|t\/)|^\/(?!oidc|room)[\w-]+\.html$/;
  const policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-test'; img-src 'self' data:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'self'";
  await context.route((url) => !isApi.test(url.pathname), async (route) => {
    const { pathname } = new URL(route.request().url());
    const kind = kinds[pathname.split('.').at(-1)];
    const page = readFileSync(join(folder, 'index.html'), 'utf8');
    if (kind) {
      if (existsSync(join(folder, pathname))) return route.fulfill({ path: join(folder, pathname), contentType: kind });
      // A page that came by a redirect is the program's own and names the files it was built with.
      const ending = pathname.split('.').at(-1);
      const entry = new RegExp(`/assets/index-[\\w-]+\\.${ending}`).exec(page)?.[0];
      return route.fulfill({ body: ending === 'js' ? `import '${entry}';` : `@import '${entry}';`, contentType: kind });
    }
    const body = page.replaceAll('__NONCE__', 'test');
    return route.fulfill({ body, contentType: 'text/html', headers: { 'content-security-policy': policy } });
  });
}

/** Through the sign-in page of the box: the console leaves for it and comes back with a code. */
export async function signIn(page, name = 'olivia', path = '/') {
  await page.goto(path);
  await page.getByRole('button', { name: /^(Sign in|Anmelden)$/ }).click();
  await prove(page, name, PASSWORD);
  await page.getByRole('banner').waitFor();
}

/** Fills in the sign-in page. */
export async function prove(page, name, password) {
  await page.locator('#username').fill(name);
  await page.locator('#password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Goes to a screen inside the console, without losing the session that lives in memory only. */
export async function go(page, path) {
  await page.evaluate((to) => {
    window.history.pushState(null, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, path);
}

/** Does something on the screen that sends a request, and waits until the box has answered it: a word such as "Saved" may still stand there from before. */
export async function answered(page, method, path, act) {
  const [answer] = await Promise.all([page.waitForResponse((answer) => answer.request().method() === method && new URL(answer.url()).pathname === path), act()]);
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()}`);
}

/** Waits until nothing on the screen is on its way: no outline of what loads, no spinner, and two frames painted. The line of events never ends. */
export async function settled(page) {
  // What a tab holds that is not in front begins to load when it comes there.
  await page.waitForFunction(() => ![...document.querySelectorAll('[aria-busy=true], [data-loading=true]')].some((node) => node.checkVisibility()));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
}

export async function shot(page, name) {
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: false });
}

/** Nothing serious or critical for people with disabilities. */
export async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], preload: false }));
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const words = grave.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.slice(0, 4).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary.split('\n').at(-1).slice(0, 200)}`).join('\n    ')}`);
  assert.deepEqual(words, [], `axe on ${where}`);
}

export function clean(page, where) {
  assert.deepEqual(page.problems, [], `what the browser said on ${where}`);
}
