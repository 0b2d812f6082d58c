import { NativeSelect, NumberInput, SimpleGrid, Stack, Switch, Textarea } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import type { BotFields } from './form';

/** What holds on every call of a bot, whatever is said. */
export function Rules({ form }: { form: UseFormReturnType<BotFields> }) {
  const t = useT();
  return (
    <Stack>
      <Textarea
        label={t('bots.disclosure')}
        description={t('bots.disclosure.more')}
        disabled={form.values.isSilent}
        autosize
        {...form.getInputProps('disclosure')}
      />
      <Switch label={t('bots.disclosure.off')} {...form.getInputProps('isSilent', { type: 'checkbox' })} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NativeSelect
          label={t('bots.recording')}
          data={(['off', 'announce', 'ask'] as const).map((value) => ({ value, label: t(`bots.recording.${value}`) }))}
          {...form.getInputProps('recording_mode')}
        />
        <Textarea label={t('bots.notice')} placeholder={t('bots.ours')} autosize {...form.getInputProps('recording_notice')} />
        <Textarea label={t('bots.failure')} placeholder={t('bots.ours')} autosize {...form.getInputProps('failure_message')} />
        <Textarea label={t('bots.voicemail')} autosize {...form.getInputProps('voicemail_message')} />
        <NumberInput label={t('bots.most')} min={1} max={14_400} {...form.getInputProps('max_call_duration_seconds')} />
        <NumberInput label={t('bots.words')} min={0} max={20} {...form.getInputProps('min_words_interruption')} />
      </SimpleGrid>
    </Stack>
  );
}
