import { Alert, Button, Group, NativeSelect, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import { IconPlus } from '~/shared/ui/icons';
import { NEW_INTENT } from './flow';
import type { BotFields } from './form';
import { ListItem } from './ListItem';

/** What callers may want, in order of preference, and what the bot does then. */
export function FlowEditor({ form }: { form: UseFormReturnType<BotFields> }) {
  const t = useT();
  const { intents } = form.values.flow;
  return (
    <Stack>
      {form.values.llm.provider !== 'flow' && <Alert color="blue">{t('flow.off')}</Alert>}
      {intents.length === 0 && <Text c="dimmed">{t('flow.empty')}</Text>}
      {intents.map((_, n) => (
        <IntentEditor key={n} form={form} n={n} last={intents.length - 1} />
      ))}
      <Group>
        <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => form.insertListItem('flow.intents', { ...NEW_INTENT })}>
          {t('flow.add')}
        </Button>
      </Group>
      <Textarea label={t('flow.fallback')} autosize minRows={2} {...form.getInputProps('flow.fallback')} />
    </Stack>
  );
}

function IntentEditor({ form, n, last }: { form: UseFormReturnType<BotFields>; n: number; last: number }) {
  const t = useT();
  const intent = form.values.flow.intents[n];
  const path = (name: string) => `flow.intents.${n}.${name}`;
  // The server speaks of the tool and its target, the form of what happens then.
  const target = { ...form.getInputProps(path('target')), error: form.errors[path('target')] ?? form.errors[path('tool.target')] };
  return (
    <ListItem
      name={intent?.id || t('flow.intent', { n: n + 1 })}
      n={n}
      last={last}
      onMove={(to) => form.reorderListItem('flow.intents', { from: n, to })}
      onRemove={() => form.removeListItem('flow.intents', n)}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label={t('flow.id')} {...form.getInputProps(path('id'))} />
        <TextInput label={t('flow.digits')} {...form.getInputProps(path('digits'))} />
        <Textarea label={t('flow.phrases')} autosize minRows={3} {...form.getInputProps(path('phrases'))} />
        <Textarea label={t('flow.reply')} autosize minRows={3} {...form.getInputProps(path('reply'))} />
        <NativeSelect
          label={t('flow.then')}
          data={(['nothing', 'end_call', 'transfer'] as const).map((value) => ({ value, label: t(`flow.then.${value}`) }))}
          {...form.getInputProps(path('then'))}
        />
        {intent?.then === 'transfer' && <TextInput label={t('flow.target')} placeholder="sip:100@10.0.0.2" {...target} />}
      </SimpleGrid>
    </ListItem>
  );
}
