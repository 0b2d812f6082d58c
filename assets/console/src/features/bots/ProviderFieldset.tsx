import { Button, Fieldset, Group, NativeSelect, NumberInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import { IconPlus } from '~/shared/ui/icons';
import type { BotFields } from './form';
import { ListItem } from './ListItem';
import { providerFields, type Part, type ProviderFields } from './provider';

const KNOWN: Record<Part, readonly string[]> = {
  stt: ['pocketsphinx', 'openai', 'deepgram', 'none'],
  llm: ['flow', 'openai', 'gemini-live', 'openai-realtime', 'none'],
  tts: ['flite', 'espeak-ng', 'openai', 'elevenlabs', 'cartesia', 'gemini', 'none'],
};
/** Providers that need neither address nor key. */
const BUILT_IN = ['pocketsphinx', 'flow', 'flite', 'espeak-ng', 'none'];
/** Models that hear and speak themselves. */
const SPEAKING = ['gemini-live', 'openai-realtime'];
const MOST_FALLBACKS = 5;

/** Who does one part of the work, and who takes its place when it fails. */
export function ProviderFieldset({ form, part }: { form: UseFormReturnType<BotFields>; part: Part }) {
  const t = useT();
  const list = `${part}_fallbacks` as const;
  const fallbacks = form.values[list];
  const next = () => form.insertListItem(list, { ...providerFields(undefined), provider: form.values[part].provider === 'openai' ? (KNOWN[part][0] ?? '') : 'openai' });
  return (
    <Fieldset legend={t(`bots.${part}`)}>
      <Stack gap="sm">
        <Provider form={form} part={part} path={part} fields={form.values[part]} />
        {fallbacks.map((fields, n) => (
          <ListItem
            key={n}
            name={t('bots.fallback', { n: n + 1 })}
            n={n}
            last={fallbacks.length - 1}
            onMove={(to) => form.reorderListItem(list, { from: n, to })}
            onRemove={() => form.removeListItem(list, n)}
          >
            <Provider form={form} part={part} path={`${list}.${n}`} fields={fields} />
          </ListItem>
        ))}
        <Group gap="sm">
          <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} disabled={fallbacks.length >= MOST_FALLBACKS} onClick={next}>
            {t(`bots.fallback.add.${part}`)}
          </Button>
          {fallbacks.length === 0 && (
            <Text size="xs" c="dimmed">
              {t('bots.fallback.more')}
            </Text>
          )}
        </Group>
      </Stack>
    </Fieldset>
  );
}

interface ProviderProps {
  form: UseFormReturnType<BotFields>;
  part: Part;
  path: string;
  fields: ProviderFields;
}

/** One provider, with only the inputs it has. */
function Provider({ form, part, path, fields: { provider } }: ProviderProps) {
  const t = useT();
  const known = KNOWN[part];
  const isLocal = BUILT_IN.includes(provider);
  const props = (name: string) => form.getInputProps(`${path}.${name}`);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <NativeSelect label={t('bots.provider')} data={known.includes(provider) ? [...known] : [provider, ...known]} {...props('provider')} />
      {((part === 'tts' && provider !== 'none') || SPEAKING.includes(provider)) && <TextInput label={t('bots.voice')} {...props('voice')} />}
      {!isLocal && (
        <>
          <TextInput label={t('bots.model')} {...props('model')} />
          <TextInput label={t('bots.baseUrl')} description={t('bots.baseUrl.more')} {...props('base_url')} />
          <TextInput label={t('bots.key')} autoComplete="off" {...props('api_key')} />
        </>
      )}
      {part !== 'llm' && provider !== 'none' && (
        <TextInput label={t('bots.provider.language')} description={t('bots.provider.language.more')} placeholder="en-US" {...props('language')} />
      )}
      {part === 'llm' && !isLocal && (
        <>
          <NumberInput label={t('bots.temperature')} min={0} max={2} step={0.1} decimalScale={2} {...props('temperature')} />
          <NumberInput label={t('bots.tokens')} min={1} {...props('max_tokens')} />
        </>
      )}
    </SimpleGrid>
  );
}
