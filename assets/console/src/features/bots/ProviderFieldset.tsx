import { Fieldset, NativeSelect, NumberInput, SimpleGrid, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import type { BotFields } from './form';

const KNOWN = {
  stt: ['pocketsphinx', 'openai', 'deepgram', 'none'],
  llm: ['flow', 'openai', 'none'],
  tts: ['flite', 'espeak-ng', 'openai', 'elevenlabs', 'cartesia', 'none'],
} as const;

/** Providers that need neither address nor key. */
const BUILT_IN = ['pocketsphinx', 'flow', 'flite', 'espeak-ng', 'none'];

/** Which provider does one part of the work, and only the fields that provider has. */
export function ProviderFieldset({ form, part }: { form: UseFormReturnType<BotFields>; part: keyof typeof KNOWN }) {
  const t = useT();
  const { provider } = form.values[part];
  const known: readonly string[] = KNOWN[part];
  const isRemote = !BUILT_IN.includes(provider);
  const props = (name: string) => form.getInputProps(`${part}.${name}`);
  return (
    <Fieldset legend={t(`bots.${part}`)}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NativeSelect label={t('bots.provider')} data={known.includes(provider) ? [...known] : [provider, ...known]} {...props('provider')} />
        {part === 'tts' && provider !== 'none' && <TextInput label={t('bots.voice')} {...props('voice')} />}
        {isRemote && (
          <>
            <TextInput label={t('bots.model')} {...props('model')} />
            <TextInput label={t('bots.baseUrl')} description={t('bots.baseUrl.more')} {...props('base_url')} />
            <TextInput label={t('bots.key')} autoComplete="off" {...props('api_key')} />
          </>
        )}
        {part === 'llm' && isRemote && (
          <>
            <NumberInput label={t('bots.temperature')} min={0} max={2} step={0.1} decimalScale={2} {...props('temperature')} />
            <NumberInput label={t('bots.tokens')} min={1} {...props('max_tokens')} />
          </>
        )}
      </SimpleGrid>
    </Fieldset>
  );
}
