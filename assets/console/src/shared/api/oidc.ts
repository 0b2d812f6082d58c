import { CLIENT_ID, session } from './session';

const CALLBACK = '/oidc-callback.html';
const KEPT = 'cxbox-sign-in';
const QUIET = 'cxbox-sign-in-quiet';

interface Kept {
  state: string;
  verifier: string;
  returnTo: string;
}

/** The address where one signs in with a code (PKCE, S256); `null` where only the password form can work: without TLS, or under another name than the box's own. */
export async function authorizeUrl(): Promise<string | null> {
  if (!window.isSecureContext) return null;
  const answer = await fetch('/.well-known/openid-configuration').catch(() => null);
  if (!answer?.ok) return null;
  const about = (await answer.json()) as { issuer?: string; authorization_endpoint?: string };
  if (!about.authorization_endpoint || !about.issuer) return null;
  return new URL(about.issuer).origin === window.location.origin ? about.authorization_endpoint : null;
}

/** Leaves for the sign-in page. `isQuiet` asks only whether this browser is still signed in. */
export async function begin(url: string, returnTo: string, isQuiet: boolean) {
  const kept: Kept = { state: random(), verifier: random() + random(), returnTo };
  window.sessionStorage.setItem(KEPT, JSON.stringify(kept));
  if (isQuiet) window.sessionStorage.setItem(QUIET, 'tried');
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(kept.verifier));
  const target = new URL(url);
  const query = {
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: window.location.origin + CALLBACK,
    scope: 'openid offline_access',
    state: kept.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    ...(isQuiet ? { prompt: 'none' } : {}),
  };
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  window.location.assign(target);
}

/** Signs out here and at the identity provider, which otherwise would let this browser in again at once. */
export async function leave() {
  const proof = session.proof();
  window.sessionStorage.setItem(QUIET, 'tried');
  const answer = proof ? await fetch('/.well-known/openid-configuration').catch(() => null) : null;
  const about = answer?.ok ? ((await answer.json()) as { issuer?: string; end_session_endpoint?: string }) : {};
  session.out();
  if (!proof || !about.end_session_endpoint || new URL(about.issuer ?? '').origin !== window.location.origin) return;
  const target = new URL(about.end_session_endpoint);
  target.searchParams.set('id_token_hint', proof);
  window.location.assign(target);
}

/** Whether this tab may still ask quietly; it does so once after each load of the page. */
export function mayAskQuietly(): boolean {
  return window.sessionStorage.getItem(QUIET) === null;
}

/** The way back from the sign-in page. Gives where to go on, or what went wrong. */
export async function finish(query: URLSearchParams): Promise<{ returnTo: string; problem: string | null }> {
  const text = window.sessionStorage.getItem(KEPT);
  window.sessionStorage.removeItem(KEPT);
  const kept = text ? (JSON.parse(text) as Kept) : null;
  if (!kept || kept.state !== query.get('state')) return { returnTo: '/', problem: 'state' };
  const code = query.get('code');
  if (!code) {
    const error = query.get('error') ?? 'unknown';
    const isQuiet = ['login_required', 'interaction_required', 'consent_required'].includes(error);
    return { returnTo: kept.returnTo, problem: isQuiet ? null : (query.get('error_description') ?? error) };
  }
  const problem = await session.ask({
    grant_type: 'authorization_code',
    client_id: CLIENT_ID,
    code,
    redirect_uri: window.location.origin + CALLBACK,
    code_verifier: kept.verifier,
  });
  window.sessionStorage.removeItem(QUIET);
  return { returnTo: kept.returnTo, problem };
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
