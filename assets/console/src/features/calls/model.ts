import type { Schemas } from '~/shared/api/client';

export type Turn = Pick<Schemas['Turn'], 'role' | 'content' | 'ts'> & Record<string, unknown>;
export interface Happening {
  seq?: number;
  at?: string;
  type?: string;
  name?: string;
  [field: string]: unknown;
}
/** A call with what the engine sent about it. */
export type Call = Schemas['CallSummary'] & {
  recording_link?: string | null;
  recording_access_token?: string | null;
  transcript?: Turn[];
  events?: Happening[];
  intents?: unknown[];
  post_call_analysis?: unknown;
  qc_analysis?: unknown;
  latency?: unknown;
  [field: string]: unknown;
};

export function turnsOf(call: Call): Turn[] {
  return Array.isArray(call.transcript) ? call.transcript : [];
}

/** What happened apart from the words, in the order of time. */
export function eventsOf(call: Call): Happening[] {
  const events = Array.isArray(call.events) ? call.events : [];
  return events.filter((event) => event.type !== 'turn').sort((a, b) => millis(a.at) - millis(b.at));
}

/** The moment the recording begins: when the call was answered. */
export function originOf(call: Call): number {
  return millis(call.answered_at ?? call.started_at ?? call.created_at);
}

export function millis(at: string | null | undefined): number {
  const value = at ? Date.parse(at) : Number.NaN;
  return Number.isNaN(value) ? 0 : value;
}
