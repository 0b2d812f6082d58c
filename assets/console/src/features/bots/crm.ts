import type { Schemas } from '~/shared/api/client';
import { mapOf, pairsOf, type Pair } from '~/shared/ui/Pairs';

export type Push = Schemas['PostCallPush'];
export type Prefetch = Schemas['CrmPrefetch'];
type Auth = { type: string } & Record<string, string>;

/** Which fields each way of proving who one is has. */
export const AUTH: Record<string, string[]> = { none: [], bearer: ['token'], basic: ['username', 'password'], header: ['name', 'value'] };

export interface PushFields {
  url: string;
  method: string;
  body_format: string;
  auth: Auth;
  headers: Pair[];
  key_mapper: Pair[];
  preserve_types: boolean;
  timeout_ms: number | string;
  max_attempts: number | string;
  /** Seconds, with commas between them. */
  backoff: string;
  /** Words and numbers, with commas between them. */
  retry_on: string;
}

export interface PrefetchFields {
  url: string;
  method: string;
  headers: Pair[];
  params: Pair[];
  timeout_ms: number | string;
  response_path: string;
}

/** What most CRMs want, to begin with. */
const STARTER: Pair[] = [
  { name: 'phone', value: '{{call.from_number}}' },
  { name: 'outcome', value: '{{result.disposition}}' },
  { name: 'duration', value: '{{result.call_duration_seconds}}' },
  { name: 'transcript', value: '{{result.transcript}}' },
  { name: 'recording', value: '{{result.recording_url}}' },
];

export function pushFields(push: Push | null | undefined): PushFields {
  return {
    url: push?.url ?? '',
    method: push?.method ?? 'POST',
    body_format: push?.body_format ?? 'json',
    auth: (push?.auth as Auth | undefined) ?? { type: 'none' },
    headers: pairsOf(push?.headers),
    key_mapper: push ? pairsOf(push.key_mapper) : STARTER,
    preserve_types: push?.preserve_types ?? false,
    timeout_ms: push?.timeout_ms ?? 10_000,
    max_attempts: push?.max_attempts ?? 5,
    backoff: (push?.backoff ?? []).join(', '),
    retry_on: (push?.retry_on ?? []).join(', '),
  };
}

/** The block to send: the stored one with what the form shows changed in it. */
export function pushOf(fields: PushFields, stored: Push | null | undefined): Push {
  const { auth, headers, key_mapper, timeout_ms, max_attempts, backoff, retry_on, ...rest } = fields;
  const wanted = AUTH[auth.type] ?? [];
  const { backoff: _b, retry_on: _r, ...kept } = stored ?? {};
  return {
    ...kept,
    ...rest,
    enabled: true,
    auth: { type: auth.type, ...Object.fromEntries(wanted.map((name) => [name, auth[name] ?? ''])) },
    headers: mapOf(headers),
    key_mapper: mapOf(key_mapper),
    timeout_ms: Number(timeout_ms),
    max_attempts: Number(max_attempts),
    ...(parts(backoff).length > 0 ? { backoff: parts(backoff).map(Number) } : {}),
    ...(parts(retry_on).length > 0 ? { retry_on: parts(retry_on) } : {}),
  } as unknown as Push;
}

const parts = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

export function prefetchFields(prefetch: Prefetch | null | undefined): PrefetchFields {
  return {
    url: prefetch?.url ?? '',
    method: prefetch?.method ?? 'GET',
    headers: pairsOf(prefetch?.headers),
    params: prefetch ? pairsOf(prefetch.params) : [{ name: 'phone', value: '{{call.from_number}}' }],
    timeout_ms: prefetch?.timeout_ms ?? 3000,
    response_path: prefetch?.response_path ?? '',
  };
}

export function prefetchOf(fields: PrefetchFields, stored: Prefetch | null | undefined): Prefetch {
  const { headers, params, timeout_ms, ...rest } = fields;
  return { ...stored, ...rest, enabled: true, headers: mapOf(headers), params: mapOf(params), timeout_ms: Number(timeout_ms) } as Prefetch;
}
