import { Fieldset, NativeSelect, NumberInput, SimpleGrid, Stack, Switch, Text, Textarea } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import type { BotFields } from './form';
import { LIMITS, MACHINES, PAUSES, WISHES } from './talk';

type Form = UseFormReturnType<BotFields>;

/** When a caller has finished, and what does not interrupt the bot. */
export function TurnTaking({ form }: { form: Form }) {
  const t = useT();
  return (
    <Fieldset legend={t('talk.turns')}>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {PAUSES.map((name) => (
            <NumberInput key={name} label={t(`talk.turns.${name}`)} min={0} step={100} {...form.getInputProps(`turn_taking.${name}`)} />
          ))}
        </SimpleGrid>
        <Textarea label={t('talk.fillers')} description={t('talk.fillers.more')} autosize minRows={1} {...form.getInputProps('turn_taking.fillers')} />
        <Textarea
          label={t('talk.thinking')}
          description={t('talk.thinking.more')}
          autosize
          minRows={1}
          {...form.getInputProps('turn_taking.thinking_words')}
        />
      </Stack>
    </Fieldset>
  );
}

/** What happens when a machine answers an outbound call. */
export function Machines({ form }: { form: Form }) {
  const t = useT();
  const doings = (machine: (typeof MACHINES)[number]) =>
    (['hang_up', 'leave_message', 'continue'] as const).filter((doing) => doing !== 'leave_message' || machine === 'on_voicemail');
  return (
    <Fieldset legend={t('talk.machines')}>
      <Stack gap="sm">
        <Switch label={t('talk.machines.on')} description={t('talk.machines.on.more')} {...form.getInputProps('answering_machines.enabled', { type: 'checkbox' })} />
        {form.values.answering_machines.enabled && (
          <>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              {MACHINES.map((name) => (
                <NativeSelect
                  key={name}
                  label={t(`talk.machines.${name}`)}
                  data={doings(name).map((value) => ({ value, label: t(`talk.do.${value}`) }))}
                  {...form.getInputProps(`answering_machines.${name}`)}
                />
              ))}
              {LIMITS.map((name) => (
                <NumberInput key={name} label={t(`talk.machines.${name}`)} min={0} {...form.getInputProps(`answering_machines.${name}`)} />
              ))}
            </SimpleGrid>
            <Switch label={t('talk.machines.beep')} {...form.getInputProps('answering_machines.beep_detection', { type: 'checkbox' })} />
          </>
        )}
      </Stack>
    </Fieldset>
  );
}

/** Whether people may ask to be called back. */
export function Callbacks({ form }: { form: Form }) {
  const t = useT();
  return (
    <Fieldset legend={t('talk.callbacks')}>
      <Stack gap="sm">
        <Switch label={t('talk.callbacks.on')} {...form.getInputProps('callbacks.enabled', { type: 'checkbox' })} />
        <Text size="xs" c="dimmed">
          {t('talk.callbacks.more')}
        </Text>
        {form.values.callbacks.enabled && (
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            {WISHES.map((name) => (
              <NumberInput key={name} label={t(`talk.callbacks.${name}`)} min={0} {...form.getInputProps(`callbacks.${name}`)} />
            ))}
          </SimpleGrid>
        )}
      </Stack>
    </Fieldset>
  );
}
