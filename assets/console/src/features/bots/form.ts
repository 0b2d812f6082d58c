import type { Schemas } from '~/shared/api/client';
import type { BotBody } from '~/shared/bots/templates';

type Provider = Schemas['Provider'];
export type ProviderFields = Record<keyof Provider, string>;
export interface IntentFields {
  id: string;
  phrases: string;
  digits: string;
  reply: string;
  then: 'nothing' | 'end_call' | 'transfer';
  target: string;
}

/** What the form holds: text where the API has optional numbers and lists, so that a field can be empty. */
export interface BotFields extends Record<string, unknown> {
  name: string;
  status: Schemas['BotStatus'];
  language: string;
  timezone: string;
  opening_message: string;
  system_prompt: string;
  stt: ProviderFields;
  llm: ProviderFields;
  tts: ProviderFields;
  flow: { intents: IntentFields[]; fallback: string };
  disclosure: string;
  isSilent: boolean;
  recording_mode: Schemas['RecordingMode'];
  recording_notice: string;
  failure_message: string;
  voicemail_message: string;
  max_call_duration_seconds: number;
  min_words_interruption: number;
}

const PROVIDER = ['provider', 'base_url', 'api_key', 'model', 'voice', 'language', 'temperature', 'max_tokens'] as const;

function providerFields(provider: Provider | undefined): ProviderFields {
  return Object.fromEntries(PROVIDER.map((name) => [name, String(provider?.[name] ?? '')])) as ProviderFields;
}

function providerOf(fields: ProviderFields): Provider {
  const numbers = { temperature: fields.temperature, max_tokens: fields.max_tokens };
  const texts = Object.entries(fields).filter(([name, value]) => !(name in numbers) && value !== '');
  const counted = Object.entries(numbers).filter(([, value]) => String(value) !== '');
  return { ...Object.fromEntries(texts), ...Object.fromEntries(counted.map(([name, value]) => [name, Number(value)])) } as Provider;
}

export function fieldsOf(body: BotBody): BotFields {
  return {
    name: body.name ?? '',
    status: body.status ?? 'draft',
    language: body.language ?? '',
    timezone: body.timezone ?? '',
    opening_message: body.opening_message ?? '',
    system_prompt: body.system_prompt ?? '',
    stt: providerFields(body.stt),
    llm: providerFields(body.llm),
    tts: providerFields(body.tts),
    flow: {
      fallback: body.flow?.fallback ?? '',
      intents: (body.flow?.intents ?? []).map((intent) => ({
        id: intent.id,
        phrases: (intent.phrases ?? []).join('\n'),
        digits: intent.digits ?? '',
        reply: intent.reply,
        then: intent.tool?.name ?? 'nothing',
        target: intent.tool?.target ?? '',
      })),
    },
    disclosure: typeof body.disclosure === 'string' ? body.disclosure : '',
    isSilent: body.disclosure === false,
    recording_mode: body.recording_mode ?? 'announce',
    recording_notice: body.recording_notice ?? '',
    failure_message: body.failure_message ?? '',
    voicemail_message: body.voicemail_message ?? '',
    max_call_duration_seconds: body.max_call_duration_seconds ?? 600,
    min_words_interruption: body.min_words_interruption ?? 0,
  };
}

/** The body to send: the stored one, with what the form shows changed in it. What the form does not show stays. */
export function bodyOf(fields: BotFields, stored: BotBody): BotBody {
  const { isSilent, disclosure, flow, stt, llm, tts, ...rest } = fields;
  const isFlow = llm.provider === 'flow';
  return {
    ...stored,
    ...rest,
    stt: providerOf(stt),
    llm: providerOf(llm),
    tts: providerOf(tts),
    disclosure: isSilent ? false : disclosure.trim() || true,
    flow: isFlow || flow.intents.length > 0 ? { fallback: flow.fallback, intents: flow.intents.map(intentOf) } : null,
  };
}

function intentOf(fields: IntentFields): Schemas['Intent'] {
  const phrases = fields.phrases.split('\n').map((line) => line.trim());
  return {
    id: fields.id.trim(),
    phrases: phrases.filter(Boolean),
    ...(fields.digits.trim() ? { digits: fields.digits.trim() } : {}),
    reply: fields.reply,
    ...(fields.then === 'nothing' ? {} : { tool: { name: fields.then, ...(fields.then === 'transfer' ? { target: fields.target.trim() } : {}) } }),
  };
}

export const NEW_INTENT: IntentFields = { id: '', phrases: '', digits: '', reply: '', then: 'nothing', target: '' };

/** In which tab the field of a refusal is. */
export function tabOf(field: string): string {
  if (field.startsWith('flow')) return 'flow';
  if (/^(stt|llm|tts)/.test(field)) return 'speech';
  if (/^(name|status|language|timezone|opening_message|system_prompt)/.test(field)) return 'basics';
  return 'rules';
}
