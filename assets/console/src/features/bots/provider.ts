import type { Schemas } from '~/shared/api/client';

type Provider = Schemas['Provider'];
export type ProviderFields = Record<keyof Provider, string>;
export type Part = 'stt' | 'llm' | 'tts';
export const PARTS: readonly Part[] = ['stt', 'llm', 'tts'];

const NAMES = ['provider', 'base_url', 'api_key', 'model', 'voice', 'language', 'temperature', 'max_tokens'] as const;

/** A provider as its inputs hold it: what is absent is empty. */
export function providerFields(provider: Provider | undefined): ProviderFields {
  return Object.fromEntries(NAMES.map((name) => [name, String(provider?.[name] ?? '')])) as ProviderFields;
}

/** The provider to send: without what is empty. */
export function providerOf(fields: ProviderFields): Provider {
  const numbers = { temperature: fields.temperature, max_tokens: fields.max_tokens };
  const texts = Object.entries(fields).filter(([name, value]) => !(name in numbers) && value !== '');
  const counted = Object.entries(numbers).filter(([, value]) => String(value) !== '');
  return { ...Object.fromEntries(texts), ...Object.fromEntries(counted.map(([name, value]) => [name, Number(value)])) } as Provider;
}
