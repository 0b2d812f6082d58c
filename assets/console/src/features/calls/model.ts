import type { Schemas } from '~/shared/api/client';

export type Turn = Pick<Schemas['Turn'], 'role' | 'content' | 'ts'> & Record<string, unknown>;
/** A call with what the engine sent about it. */
export type Call = Omit<Schemas['CallSummary'], 'tags'> & {
  tags?: (string | Schemas['TagView'])[];
  notes?: Schemas['NoteView'][];
  legal_hold?: Schemas['HoldView'] | null;
  recording_link?: string | null;
  recording_access_token?: string | null;
  crm_push?: Push | null;
  transcript?: Turn[];
  intents?: unknown[];
  post_call_analysis?: unknown;
  qc_analysis?: unknown;
  latency?: unknown;
  [field: string]: unknown;
};

/** What a call says about its push to the CRM. */
export interface Push {
  status: string;
  http_status?: number | null;
  attempts?: number;
  last_error?: string;
  sent_at?: string | null;
}

/** One entry of the timeline of a call. */
export interface Entry {
  at: string;
  offset_ms: number;
  kind: 'sip' | 'session' | 'turn' | 'tool' | 'event';
  name: string;
  text?: string | null;
  latency?: unknown;
  detail?: unknown;
}

export function turnsOf(call: Call): Turn[] {
  return Array.isArray(call.transcript) ? call.transcript : [];
}

/** The moment the recording begins: when the call was answered. */
export function originOf(call: Call): number {
  return millis(call.answered_at ?? call.started_at ?? call.created_at);
}

export function millis(at: string | null | undefined): number {
  const value = at ? Date.parse(at) : Number.NaN;
  return Number.isNaN(value) ? 0 : value;
}
