import type { Schemas } from '~/shared/api/client';

export type Route = Schemas['InboundRoute'];

const WITHHELD = new Set(['', 'anonymous', 'restricted', 'unavailable', 'unknown', 'private', 'withheld']);
const bare = (text: string) => text.replace(/^\+/, '');
const isSame = (one: string, other: string) => bare(one) === bare(other);

/** What tells a route from all others. */
export function keyOf(route: Route): string {
  return `${route.did} ${route.fromNumber ?? ''}`;
}

export function isCatchAll(route: Route): boolean {
  return route.did === '*' && !route.fromNumber;
}

/** Whether a call takes a route: the box's own rule (`features/numbers/route.rs`), so that one can ask before somebody calls. */
export function matches(route: Route, did: string, caller: string): boolean {
  const from = WITHHELD.has(caller.trim().toLowerCase()) ? null : caller.trim();
  const isDialled = route.did === '*' || (route.did === 'anonymous' ? from === null : isSame(route.did, did));
  return isDialled && (!route.fromNumber || fits(route.fromNumber, from));
}

function fits(pattern: string, from: string | null): boolean {
  if (pattern === '*') return true;
  if (from === null) return pattern.toLowerCase() === 'anonymous';
  if (!pattern.endsWith('*')) return isSame(pattern, from);
  const beginning = pattern.slice(0, -1);
  return from.startsWith(beginning) || (beginning.startsWith('+') && from.startsWith(bare(beginning)));
}

/** The row that takes a call before the dialled number's own bot is asked: every row but the catch-all. */
export function taker(routes: Route[], did: string, caller: string): number {
  return routes.findIndex((route) => !isCatchAll(route) && matches(route, did, caller));
}
