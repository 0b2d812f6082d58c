import { useSyncExternalStore } from 'react';
import type { components } from './schema';

export type Me = components['schemas']['Me'];
export type Role = components['schemas']['Role'];

/** What a token endpoint answers. */
export interface Tokens {
  access_token: string;
  refresh_token?: string;
  id_token?: string;
  expires_in?: number;
}

/** `starting`: nobody has asked yet. `out`: nobody is signed in. `expired`: somebody was, and their screen is still open. */
export type State = { kind: 'starting' } | { kind: 'out' } | { kind: 'in'; me: Me } | { kind: 'expired'; me: Me };

const TOKEN_URL = '/oidc.ashx/token';
export const CLIENT_ID = 'codeb-admin';
const SCOPE = 'openid offline_access';

/** Holds the tokens in memory only: a reload or another tab does not have them, nor does anything that reads the browser's storage. */
class Session {
  private state: State = { kind: 'starting' };
  private tokens: Tokens | null = null;
  private listeners = new Set<() => void>();
  private renewing: Promise<boolean> | null = null;
  private waiting: (() => void)[] = [];

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  current = () => this.state;
  token = () => this.tokens?.access_token ?? null;
  proof = () => this.tokens?.id_token ?? null;

  private become(state: State) {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  /** Signs in with a name and a password. `null` when it worked, else what the server said. */
  async withPassword(username: string, password: string): Promise<string | null> {
    return this.ask({ grant_type: 'password', client_id: CLIENT_ID, username, password, scope: SCOPE });
  }

  /** Asks the token endpoint, and who that is. */
  async ask(form: Record<string, string>): Promise<string | null> {
    const response = await fetch(TOKEN_URL, { method: 'POST', body: new URLSearchParams(form) }).catch(() => null);
    const body = (await response?.json().catch(() => ({}))) as (Tokens & { error_description?: string }) | undefined;
    if (!response?.ok || !body) return body?.error_description ?? 'network';
    return this.adopt(body);
  }

  private async adopt(tokens: Tokens): Promise<string | null> {
    const answer = await fetch('/api/v1/auth/me', { headers: { authorization: `Bearer ${tokens.access_token}` } }).catch(() => null);
    if (!answer?.ok) return 'network';
    this.tokens = tokens;
    this.become({ kind: 'in', me: (await answer.json()) as Me });
    for (const go of this.waiting.splice(0)) go();
    return null;
  }

  /** Nobody could be found at the start. */
  nobody() {
    if (this.state.kind === 'starting') this.become({ kind: 'out' });
  }

  out() {
    this.tokens = null;
    this.become({ kind: 'out' });
  }

  /** A request was refused with 401: renews in silence, else waits until the person has signed in again. What they typed stays where it is. */
  async renew(refused: string | null): Promise<void> {
    if (refused !== this.token() && this.state.kind === 'in') return;
    this.renewing ??= this.refresh().finally(() => {
      this.renewing = null;
    });
    if (await this.renewing) return;
    if (this.state.kind === 'in') this.become({ kind: 'expired', me: this.state.me });
    if (this.state.kind === 'expired') await new Promise<void>((go) => this.waiting.push(go));
  }

  private async refresh(): Promise<boolean> {
    const refresh_token = this.tokens?.refresh_token;
    if (!refresh_token) return false;
    return (await this.ask({ grant_type: 'refresh_token', client_id: CLIENT_ID, refresh_token })) === null;
  }
}

export const session = new Session();

export function useSession(): State {
  return useSyncExternalStore(session.subscribe, session.current);
}

/** Who is signed in. Only for screens behind the sign-in. */
export function useMe(): Me {
  const state = useSession();
  if (state.kind !== 'in' && state.kind !== 'expired') throw new Error('nobody is signed in');
  return state.me;
}

const RANKS: Role[] = ['agent', 'supervisor', 'admin', 'super_admin'];

/** Whether somebody may do what `needed` may. The server decides; this only hides what it would refuse. */
export function ranks(role: Role, needed: Role): boolean {
  return RANKS.indexOf(role) >= RANKS.indexOf(needed);
}
