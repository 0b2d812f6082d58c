import type { Schemas } from '~/shared/api/client';
import type { BotBody } from '~/shared/bots/templates';
import { mapOf, pairsOf, type Pair } from '~/shared/ui/Pairs';
import { blockFields, blocksOf, type Blocks } from './blocks';
import { flowFields, flowOf, type FlowFields } from './flow';
import { objectOf, textOf } from './json';
import { providerFields, providerOf, type ProviderFields } from './provider';
import { talkFields, talkOf, type Talk } from './talk';
import { targetFields, toolFields, toolOf, type TargetFields, type ToolFields } from './tools';

/** What is the same in the form and in the API. */
interface Plain {
  name: string;
  status: Schemas['BotStatus'];
  language: string;
  timezone: string;
  opening_message: string;
  system_prompt: string;
  recording_mode: Schemas['RecordingMode'];
  recording_format: 'wav' | 'ogg';
  recording_notice: string;
  failure_message: string;
  voicemail_message: string;
  pre_transfer_message: string;
  max_call_duration_seconds: number;
  min_words_interruption: number;
  knowledge_enabled: boolean;
  knowledge_kb_ids: string[];
  knowledge_trigger_instructions: string;
  knowledge_top_k: number;
  knowledge_score_threshold: number;
  knowledge_strict: boolean;
  knowledge_fallback_message: string;
  post_call_cache_enabled: boolean;
  post_call_cache_version: string;
}

/** What the form holds: text where the API has optional numbers and lists, so that a field can be empty. Names are the API's, for its refusals. */
export interface BotFields extends Plain, Blocks, Talk, Record<string, unknown> {
  stt: ProviderFields;
  llm: ProviderFields;
  tts: ProviderFields;
  stt_fallbacks: ProviderFields[];
  llm_fallbacks: ProviderFields[];
  tts_fallbacks: ProviderFields[];
  flow: FlowFields;
  disclosure: string;
  isSilent: boolean;
  tools: ToolFields[];
  transfer_targets: TargetFields[];
  transfer_numbers: Pair[];
  post_call_analysis_prompt: string;
  qc_prompt: string;
  post_call_cache: string;
  conversation_policy: string;
}

/** The API's own values of what a body leaves out. */
const USUAL: Plain = {
  name: '',
  status: 'draft',
  language: '',
  timezone: '',
  opening_message: '',
  system_prompt: '',
  recording_mode: 'announce',
  recording_format: 'wav',
  recording_notice: '',
  failure_message: '',
  voicemail_message: '',
  pre_transfer_message: '',
  max_call_duration_seconds: 600,
  min_words_interruption: 3,
  knowledge_enabled: false,
  knowledge_kb_ids: [],
  knowledge_trigger_instructions: '',
  knowledge_top_k: 5,
  knowledge_score_threshold: 0,
  knowledge_strict: false,
  knowledge_fallback_message: '',
  post_call_cache_enabled: false,
  post_call_cache_version: '',
};

export function fieldsOf(body: BotBody): BotFields {
  const stored: Partial<Record<string, unknown>> = body;
  const plain = Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => [name, stored[name] ?? (usual as unknown)])) as unknown as Plain;
  const fallbacks = (list: Schemas['Provider'][] | undefined) => (list ?? []).map(providerFields);
  return {
    ...plain,
    ...blockFields(body),
    ...talkFields(body),
    stt: providerFields(body.stt),
    llm: providerFields(body.llm),
    tts: providerFields(body.tts),
    stt_fallbacks: fallbacks(body.stt_fallbacks),
    llm_fallbacks: fallbacks(body.llm_fallbacks),
    tts_fallbacks: fallbacks(body.tts_fallbacks),
    flow: flowFields(body.flow),
    disclosure: typeof body.disclosure === 'string' ? body.disclosure : '',
    isSilent: body.disclosure === false,
    tools: (body.tools ?? []).map(toolFields),
    transfer_targets: (body.transfer_targets ?? []).map(targetFields),
    transfer_numbers: pairsOf(body.transfer_numbers),
    post_call_analysis_prompt: body.post_call_analysis_prompt ?? '',
    qc_prompt: body.qc_prompt ?? '',
    post_call_cache: textOf(body.post_call_cache),
    conversation_policy: textOf(body.conversation_policy),
  };
}

/** The body to send: the stored one, with what the form shows changed in it. What the form does not show stays. */
export function bodyOf(fields: BotFields, stored: BotBody): BotBody {
  const { isSilent, ...rest } = fields;
  const isFlow = [rest.llm, ...rest.llm_fallbacks].some(({ provider }) => provider === 'flow');
  return {
    ...stored,
    ...rest,
    ...numbersOf(rest),
    ...blocksOf(fields),
    ...talkOf(fields),
    stt: providerOf(rest.stt),
    llm: providerOf(rest.llm),
    tts: providerOf(rest.tts),
    stt_fallbacks: rest.stt_fallbacks.map(providerOf),
    llm_fallbacks: rest.llm_fallbacks.map(providerOf),
    tts_fallbacks: rest.tts_fallbacks.map(providerOf),
    flow: isFlow || rest.flow.intents.length > 0 ? flowOf(rest.flow) : null,
    disclosure: isSilent ? false : rest.disclosure.trim() || true,
    tools: rest.tools.map((tool, n) => toolOf(tool, `tools[${n}]`)),
    transfer_numbers: mapOf(rest.transfer_numbers),
    post_call_analysis_prompt: rest.post_call_analysis_prompt.trim() ? rest.post_call_analysis_prompt : null,
    qc_prompt: rest.qc_prompt.trim() ? rest.qc_prompt : null,
    post_call_cache: objectOf(rest.post_call_cache, 'post_call_cache'),
    conversation_policy: objectOf(rest.conversation_policy, 'conversation_policy'),
  };
}

/** The plain numbers; an input that was emptied counts as 0, which the server takes or refuses by name. */
function numbersOf(fields: Plain): Partial<Plain> {
  const counted = Object.entries(USUAL).filter(([, usual]) => typeof usual === 'number');
  return Object.fromEntries(counted.map(([name]) => [name, Number(fields[name as keyof Plain])]));
}

export const TABS = ['basics', 'speech', 'flow', 'tools', 'knowledge', 'rules', 'after'] as const;
export type TabName = (typeof TABS)[number];

const IN_TAB: [RegExp, TabName][] = [
  [/^flow/, 'flow'],
  [/^(stt|llm|tts)/, 'speech'],
  [/^(tools|mcp_servers|transfer_|pre_transfer)/, 'tools'],
  [/^knowledge/, 'knowledge'],
  [/^(post_call|qc_prompt|auto_dispositions|retention|callback)/, 'after'],
  [/^(name|status|language|timezone|opening_message|system_prompt)/, 'basics'],
];

/** In which tab the field of a refusal is. */
export function tabOf(field: string): TabName {
  return IN_TAB.find(([pattern]) => pattern.test(field))?.[1] ?? 'rules';
}
