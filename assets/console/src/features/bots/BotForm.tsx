import { Button, NativeSelect, SimpleGrid, Stack, Tabs, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useRef } from 'react';
import { flushSync } from 'react-dom';
import { ApiError, formField } from '~/shared/api/error';
import type { BotBody } from '~/shared/bots/templates';
import { useT } from '~/shared/i18n';
import { PromptField, promptProps } from '~/shared/prompt/PromptField';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';
import { After } from './After';
import { FlowEditor } from './FlowEditor';
import { bodyOf, fieldsOf, tabOf, TABS, type BotFields } from './form';
import { Knowledge } from './Knowledge';
import { ProviderFieldset } from './ProviderFieldset';
import { Rules } from './Rules';
import { Tools } from './Tools';

interface Props {
  stored: BotBody;
  onSave: (body: BotBody, isDraft: boolean) => Promise<unknown>;
  /** The word on the button that puts it to use. */
  verb: string;
  /** Whether it can also be put aside without being used. */
  mayDraft?: boolean;
  /** Which tab is in front. It outlives the form, which is made anew when something was saved. */
  tab: string | null;
  onTab: (tab: string | null) => void;
}

/** Everything of a bot, in tabs. A refused field brings its tab to the front. */
export function BotForm({ stored, onSave, verb, mayDraft, tab, onTab }: Props) {
  const t = useT();
  const isDraft = useRef(false);
  const form = useForm<BotFields>({ mode: 'controlled', initialValues: fieldsOf(stored) });
  const save = useSave(form, async (fields) => {
    try {
      await onSave(bodyOf(fields, stored), isDraft.current);
    } catch (problem) {
      const first = problem instanceof ApiError ? problem.fields[0] : undefined;
      if (first) flushSync(() => onTab(tabOf(formField(first.field))));
      throw problem;
    } finally {
      isDraft.current = false;
    }
  });
  const aside = mayDraft && (
    <Button type="submit" variant="default" loading={save.isBusy} onClick={() => (isDraft.current = true)}>
      {t('bots.draft.save')}
    </Button>
  );
  return (
    <FormFrame save={save} verb={verb} extra={aside}>
      <Tabs value={tab} onChange={onTab} keepMounted>
        <Tabs.List mb="md">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name} px="xs">
              {t(`bots.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="basics">
          <Stack>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput label={t('bots.name')} required {...form.getInputProps('name')} />
              <NativeSelect
                label={t('bots.status')}
                description={t('bots.status.more')}
                data={(['draft', 'active', 'inactive'] as const).map((value) => ({ value, label: t(`bots.status.${value}`) }))}
                {...form.getInputProps('status')}
              />
              <TextInput label={t('bots.language')} placeholder="en-US" {...form.getInputProps('language')} />
              <TextInput label={t('bots.timezone')} placeholder="Europe/Malta" {...form.getInputProps('timezone')} />
            </SimpleGrid>
            <Textarea label={t('bots.opening')} autosize minRows={2} {...form.getInputProps('opening_message')} />
            <PromptField label={t('bots.prompt')} description={t('bots.prompt.more')} {...promptProps(form, 'system_prompt')} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="speech">
          <Stack>
            <ProviderFieldset form={form} part="stt" />
            <ProviderFieldset form={form} part="llm" />
            <ProviderFieldset form={form} part="tts" />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="flow">
          <FlowEditor form={form} />
        </Tabs.Panel>
        <Tabs.Panel value="tools">
          <Tools form={form} />
        </Tabs.Panel>
        <Tabs.Panel value="knowledge">
          <Knowledge form={form} />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Rules form={form} />
        </Tabs.Panel>
        <Tabs.Panel value="after">
          <After form={form} />
        </Tabs.Panel>
      </Tabs>
    </FormFrame>
  );
}
