import { Chip, Fieldset, Group, Input, JsonInput, NativeSelect, NumberInput, SimpleGrid, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import { DAYS } from './blocks';
import type { BotFields } from './form';
import { Machines, TurnTaking } from './Talk';

type Form = UseFormReturnType<BotFields>;

/** What holds on every call of a bot, whatever is said. */
export function Rules({ form }: { form: Form }) {
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
        <NativeSelect
          label={t('bots.recording.format')}
          data={(['wav', 'ogg'] as const).map((value) => ({ value, label: t(`bots.recording.format.${value}`) }))}
          {...form.getInputProps('recording_format')}
        />
        <Textarea label={t('bots.notice')} placeholder={t('bots.ours')} autosize {...form.getInputProps('recording_notice')} />
        <Textarea label={t('bots.failure')} placeholder={t('bots.ours')} autosize {...form.getInputProps('failure_message')} />
        <Textarea label={t('bots.voicemail')} autosize {...form.getInputProps('voicemail_message')} />
        <NumberInput label={t('bots.most')} min={1} max={14_400} {...form.getInputProps('max_call_duration_seconds')} />
        <NumberInput label={t('bots.words')} min={0} max={20} {...form.getInputProps('min_words_interruption')} />
      </SimpleGrid>
      <TurnTaking form={form} />
      <Silence form={form} />
      <Machines form={form} />
      <Hours form={form} />
      <Headers form={form} />
      <JsonInput
        label={t('bots.policy')}
        description={t('bots.policy.more')}
        autosize
        minRows={2}
        maxRows={16}
        formatOnBlur
        classNames={{ input: 'mono' }}
        {...form.getInputProps('conversation_policy')}
      />
    </Stack>
  );
}

/** What is said to a caller who says nothing. */
function Silence({ form }: { form: Form }) {
  const t = useT();
  return (
    <Fieldset legend={t('bots.silence')}>
      <Stack gap="sm">
        <Switch label={t('bots.silence.on')} {...form.getInputProps('re_engagement.isOn', { type: 'checkbox' })} />
        {form.values.re_engagement.isOn && (
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <NumberInput label={t('bots.silence.after')} min={1000} max={120_000} step={1000} {...form.getInputProps('re_engagement.after_ms')} />
            <NumberInput label={t('bots.silence.times')} min={1} max={10} {...form.getInputProps('re_engagement.times')} />
            <Textarea label={t('bots.silence.words')} autosize {...form.getInputProps('re_engagement.message')} />
          </SimpleGrid>
        )}
      </Stack>
    </Fieldset>
  );
}

/** When calls are taken. */
function Hours({ form }: { form: Form }) {
  const t = useT();
  const { isOn, days } = form.values.active_hours;
  return (
    <Fieldset legend={t('bots.hours')}>
      <Stack gap="sm">
        <Switch label={t('bots.hours.on')} description={t('bots.hours.more')} {...form.getInputProps('active_hours.isOn', { type: 'checkbox' })} />
        {isOn && (
          <>
            <Input.Wrapper label={t('bots.hours.days')} labelElement="div" error={form.errors['active_hours.days']}>
              <Chip.Group multiple value={days} onChange={(chosen) => form.setFieldValue('active_hours.days', chosen)}>
                <Group gap="xs" mt={4}>
                  {DAYS.map((day) => (
                    <Chip key={day} value={day} size="xs">
                      {t(`day.${day}`)}
                    </Chip>
                  ))}
                </Group>
              </Chip.Group>
            </Input.Wrapper>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput type="time" label={t('bots.hours.from')} {...form.getInputProps('active_hours.start_time')} />
              <TextInput type="time" label={t('bots.hours.to')} description={t('bots.hours.to.more')} {...form.getInputProps('active_hours.end_time')} />
            </SimpleGrid>
          </>
        )}
      </Stack>
    </Fieldset>
  );
}

/** Which SIP headers of a call become variables. */
function Headers({ form }: { form: Form }) {
  const t = useT();
  return (
    <Fieldset legend={t('bots.sip')}>
      <Stack gap="sm">
        <Switch label={t('bots.sip.on')} {...form.getInputProps('sip_header_config.isOn', { type: 'checkbox' })} />
        {form.values.sip_header_config.isOn && (
          <Textarea
            label={t('bots.sip.names')}
            description={t('bots.sip.names.more', { example: '{{call.sip_header_x_customer_id}}' })}
            placeholder={'X-Customer-*\nX-Ticket'}
            autosize
            minRows={2}
            {...form.getInputProps('sip_header_config.headers')}
          />
        )}
      </Stack>
    </Fieldset>
  );
}
