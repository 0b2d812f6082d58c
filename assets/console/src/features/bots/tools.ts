import type { Schemas } from '~/shared/api/client';
import { mapOf, pairsOf, type Pair } from '~/shared/ui/Pairs';
import { objectOf, textOf } from './json';

type Tool = Schemas['Tool'];
type Target = Schemas['TransferTarget'];
export type Method = Schemas['TransferMethod'];
export type Kind = Schemas['TransferKind'];

export interface ToolFields {
  /** Tells the tools of a form apart while they are added and removed. */
  key: number;
  name: string;
  description: string;
  url: string;
  method: Schemas['ToolMethod'];
  headers: Pair[];
  parameters: string;
  timeout_ms: number | string;
  filler: string;
}
export type TargetFields = Required<Target>;

let n_made = 0;
const NO_ARGUMENTS = { type: 'object', properties: {} } as unknown as Record<string, never>;
export const METHODS: readonly Schemas['ToolMethod'][] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What each way of handing a call on can reach, as the server has it. */
export const REACHES: Record<Method, Kind[]> = {
  livekit_sip_refer: ['extension', 'sip_uri', 'tel_uri', 'phone_number'],
  websocket_reverse_transfer: ['extension', 'phone_number'],
  agent_desk: ['agent_queue'],
};
export const EXAMPLES: Record<Kind, string> = {
  extension: '204',
  sip_uri: 'sip:desk@example.org',
  tel_uri: 'tel:+15550100',
  phone_number: '+15550100',
  agent_queue: 'support',
};

/** A tool to begin with. */
export const newTool = () => toolFields({ name: '', description: '', url: '', parameters: NO_ARGUMENTS });
export const NEW_TARGET: TargetFields = targetFields({ id: '', type: 'phone_number', value: '' });

export function toolFields(tool: Tool): ToolFields {
  n_made += 1;
  return {
    key: n_made,
    name: tool.name,
    description: tool.description,
    url: tool.url,
    method: tool.method ?? 'POST',
    headers: pairsOf(tool.headers),
    parameters: textOf(tool.parameters ?? NO_ARGUMENTS),
    timeout_ms: tool.timeout_ms ?? 10_000,
    filler: tool.filler ?? '',
  };
}

/** The tool to send. `at` names it where its schema cannot be read. */
export function toolOf(fields: ToolFields, at: string): Tool {
  const { key: _key, headers, parameters, timeout_ms, ...rest } = fields;
  return {
    ...rest,
    name: rest.name.trim(),
    url: rest.url.trim(),
    headers: mapOf(headers),
    parameters: objectOf(parameters, `${at}.parameters`) ?? NO_ARGUMENTS,
    timeout_ms: Number(timeout_ms),
  };
}

export function targetFields(target: Target): TargetFields {
  return {
    id: target.id,
    label: target.label ?? '',
    method: target.method ?? 'livekit_sip_refer',
    type: target.type,
    value: target.value,
    is_default: target.is_default ?? false,
    enabled: target.enabled ?? true,
    attended: target.attended ?? false,
    briefing: target.briefing ?? '',
  };
}
