import type { Schemas } from '~/shared/api/client';

export interface IntentFields {
  id: string;
  phrases: string;
  digits: string;
  reply: string;
  then: 'nothing' | 'end_call' | 'transfer';
  target: string;
}

export interface FlowFields {
  intents: IntentFields[];
  fallback: string;
}

export const NEW_INTENT: IntentFields = { id: '', phrases: '', digits: '', reply: '', then: 'nothing', target: '' };

export function flowFields(flow: Schemas['Flow'] | null | undefined): FlowFields {
  return {
    fallback: flow?.fallback ?? '',
    intents: (flow?.intents ?? []).map((intent) => ({
      id: intent.id,
      phrases: (intent.phrases ?? []).join('\n'),
      digits: intent.digits ?? '',
      reply: intent.reply,
      then: intent.tool?.name ?? 'nothing',
      target: intent.tool?.target ?? '',
    })),
  };
}

export function flowOf(fields: FlowFields): Schemas['Flow'] {
  return { fallback: fields.fallback, intents: fields.intents.map(intentOf) };
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
