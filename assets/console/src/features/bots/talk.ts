import type { Schemas } from '~/shared/api/client';
import type { BotBody } from '~/shared/bots/templates';
import { mapOf, pairsOf, type Pair } from '~/shared/ui/Pairs';

export interface ServerFields {
  /** Tells the servers of a form apart while they are added and removed. */
  key: number;
  name: string;
  url: string;
  headers: Pair[];
  /** One in each line. */
  tools: string;
  timeout_ms: number | string;
  filler: string;
}

type Numbers<T> = { [K in keyof T]: T[K] extends number ? number | string : T[K] };
type TurnTaking = Required<Schemas['TurnTaking']>;
type Machines = Required<Schemas['AnsweringMachines']>;
type Callbacks = Required<Schemas['Callbacks']>;

/** How a bot takes turns, what it does with machines, and whom else it may ask. */
export interface Talk {
  turn_taking: Numbers<Omit<TurnTaking, 'fillers' | 'thinking_words'>> & { fillers: string; thinking_words: string };
  answering_machines: Numbers<Machines>;
  callbacks: Numbers<Callbacks>;
  mcp_servers: ServerFields[];
}

export const PAUSES = ['end_of_turn_ms', 'after_sentence_ms', 'after_hesitation_ms', 'thinking_after_ms'] as const;
export const MACHINES = ['on_voicemail', 'on_ivr', 'on_screening', 'on_fax'] as const;
export const LIMITS = ['initial_silence_ms', 'greeting_ms', 'total_analysis_ms', 'max_words'] as const;
export const WISHES = ['max_days', 'retries', 'retry_delay_minutes'] as const;

/** The API's own values of what a body leaves out. */
const TURNS: TurnTaking = {
  end_of_turn_ms: 700,
  after_sentence_ms: 400,
  after_hesitation_ms: 1500,
  fillers: [],
  thinking_after_ms: 2500,
  thinking_words: [],
};
const LOOKS: Machines = {
  enabled: true,
  initial_silence_ms: 2000,
  greeting_ms: 2000,
  total_analysis_ms: 4000,
  max_words: 4,
  beep_detection: true,
  on_voicemail: 'hang_up',
  on_ivr: 'continue',
  on_screening: 'continue',
  on_fax: 'hang_up',
};
const CALLS_BACK: Callbacks = { enabled: false, max_days: 14, retries: 1, retry_delay_minutes: 15 };

let n_made = 0;
export function serverFields(server: Schemas['McpServer']): ServerFields {
  n_made += 1;
  return {
    key: n_made,
    name: server.name,
    url: server.url,
    headers: pairsOf(server.headers),
    tools: server.tools.join('\n'),
    timeout_ms: server.timeout_ms ?? 10_000,
    filler: server.filler ?? '',
  };
}

export function talkFields(body: BotBody): Talk {
  const turns = { ...TURNS, ...body.turn_taking };
  return {
    turn_taking: { ...turns, fillers: turns.fillers.join('\n'), thinking_words: turns.thinking_words.join('\n') },
    answering_machines: { ...LOOKS, ...body.answering_machines },
    callbacks: { ...CALLS_BACK, ...body.callbacks },
    mcp_servers: (body.mcp_servers ?? []).map(serverFields),
  };
}

export function talkOf(fields: Talk): Required<Pick<BotBody, keyof Talk>> {
  return {
    turn_taking: {
      ...counted(fields.turn_taking, PAUSES),
      fillers: lines(fields.turn_taking.fillers),
      thinking_words: lines(fields.turn_taking.thinking_words),
    },
    answering_machines: counted(fields.answering_machines, LIMITS),
    callbacks: counted(fields.callbacks, WISHES),
    mcp_servers: fields.mcp_servers.map(serverOf),
  };
}

function serverOf(fields: ServerFields): Schemas['McpServer'] {
  const { key: _key, headers, tools, timeout_ms, ...rest } = fields;
  return { ...rest, name: rest.name.trim(), url: rest.url.trim(), headers: mapOf(headers), tools: lines(tools), timeout_ms: Number(timeout_ms) };
}

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** The same with numbers where an input may hold none. */
function counted<T extends object, K extends keyof T>(fields: T, names: readonly K[]): Omit<T, K> & Record<K, number> {
  const numbers = Object.fromEntries(names.map((name) => [name, Number(fields[name])])) as Record<K, number>;
  return { ...fields, ...numbers };
}
