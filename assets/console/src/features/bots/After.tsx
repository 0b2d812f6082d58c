import { Fieldset, JsonInput, NumberInput, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import { PromptField, promptProps } from '~/shared/prompt/PromptField';
import { ENDS, RETENTION } from './blocks';
import type { BotFields } from './form';
import { Callbacks } from './Talk';

type Form = UseFormReturnType<BotFields>;

/** What becomes of a call when it is over: what a model is asked about it, what is noted without one, and how long it is kept. */
export function After({ form }: { form: Form }) {
  const t = useT();
  return (
    <Stack>
      <PromptField label={t('after.analysis')} description={t('after.analysis.more')} {...promptProps(form, 'post_call_analysis_prompt')} />
      <PromptField label={t('after.qc')} description={t('after.qc.more')} {...promptProps(form, 'qc_prompt')} />
      <Cache form={form} />
      <Dispositions form={form} />
      <Fieldset legend={t('after.retention')}>
        <Text size="sm" c="dimmed" mb="xs">
          {t('after.retention.more')}
        </Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {RETENTION.map((name) => (
            <NumberInput
              key={name}
              label={t(`after.retention.${name}`)}
              placeholder={t('after.retention.usual')}
              min={0}
              max={36_500}
              {...form.getInputProps(`retention.${name}`)}
            />
          ))}
        </SimpleGrid>
      </Fieldset>
      <Callbacks form={form} />
      <Callback form={form} />
    </Stack>
  );
}

/** Whether a provider keeps the prompt between calls. */
function Cache({ form }: { form: Form }) {
  const t = useT();
  const isOn = form.values.post_call_cache_enabled;
  return (
    <Fieldset legend={t('after.cache')}>
      <Stack gap="sm">
        <Switch label={t('after.cache.on')} {...form.getInputProps('post_call_cache_enabled', { type: 'checkbox' })} />
        {isOn && (
          <>
            <TextInput label={t('after.cache.version')} description={t('after.cache.version.more')} {...form.getInputProps('post_call_cache_version')} />
            <JsonInput
              label={t('after.cache.handle')}
              autosize
              minRows={2}
              maxRows={10}
              formatOnBlur
              classNames={{ input: 'mono' }}
              {...form.getInputProps('post_call_cache')}
            />
          </>
        )}
      </Stack>
    </Fieldset>
  );
}

/** The results of calls that no model looks at. */
function Dispositions({ form }: { form: Form }) {
  const t = useT();
  return (
    <Fieldset legend={t('after.ends')}>
      <Text size="sm" c="dimmed" mb="xs">
        {t('after.ends.more')}
      </Text>
      <Stack gap="xs">
        {ENDS.map((name) => (
          <SimpleGrid key={name} cols={{ base: 1, sm: 2 }} role="group" aria-label={t(`after.ends.${name}`)}>
            <TextInput label={t(`after.ends.${name}`)} {...form.getInputProps(`auto_dispositions.${name}.disposition`)} />
            <TextInput label={t('after.ends.finer')} {...form.getInputProps(`auto_dispositions.${name}.sub_disposition`)} />
          </SimpleGrid>
        ))}
      </Stack>
    </Fieldset>
  );
}

/** Whether wishes to be called back are listened for on campaigns. */
function Callback({ form }: { form: Form }) {
  const t = useT();
  const path = 'callback_prompt_injection.text';
  return (
    <Fieldset legend={t('after.callback')}>
      <Stack gap="sm">
        <Switch
          label={t('after.callback.on')}
          description={t('after.callback.on.more')}
          {...form.getInputProps('callback_prompt_injection.isOn', { type: 'checkbox' })}
        />
        {form.values.callback_prompt_injection.isOn && (
          <PromptField
            label={t('after.callback.text')}
            value={form.values.callback_prompt_injection.text}
            onChange={(text) => form.setFieldValue(path, text)}
            error={form.errors[path]}
            data-path={path}
          />
        )}
      </Stack>
    </Fieldset>
  );
}
