import { Button, Group, NativeSelect, NumberInput, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import { IconPlus } from '~/shared/ui/icons';
import { errorsUnder, Pairs } from '~/shared/ui/Pairs';
import { Section } from '~/shared/ui/Section';
import { Arguments } from './Arguments';
import type { BotFields } from './form';
import { ListItem } from './ListItem';
import { Servers } from './Servers';
import { METHODS, newTool } from './tools';
import { Transfers } from './Transfers';

type Form = UseFormReturnType<BotFields>;

/** What a bot can do besides talking: ask other systems, and hand a call on. */
export function Tools({ form }: { form: Form }) {
  const t = useT();
  const { tools } = form.values;
  return (
    <Stack>
      <Section title={t('tools.title')} about={t('tools.about')}>
        <Stack gap="sm">
          {tools.length === 0 && <Text c="dimmed">{t('tools.empty')}</Text>}
          {tools.map((tool, n) => (
            <ToolEditor key={tool.key} form={form} n={n} last={tools.length - 1} />
          ))}
          <Group>
            <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => form.insertListItem('tools', newTool())}>
              {t('tools.add')}
            </Button>
          </Group>
        </Stack>
      </Section>
      <Servers form={form} />
      <Transfers form={form} />
    </Stack>
  );
}

function ToolEditor({ form, n, last }: { form: Form; n: number; last: number }) {
  const t = useT();
  const tool = form.values.tools[n];
  if (!tool) return null;
  const props = (name: string) => form.getInputProps(`tools.${n}.${name}`);
  return (
    <ListItem name={tool.name || t('tools.tool', { n: n + 1 })} n={n} last={last} onRemove={() => form.removeListItem('tools', n)}>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('tools.name')} description={t('tools.name.more')} placeholder="order_status" {...props('name')} />
          <NativeSelect label={t('tools.method')} description={t('tools.method.more')} data={[...METHODS]} {...props('method')} />
        </SimpleGrid>
        <TextInput
          label={t('tools.url')}
          description={t('tools.url.more', { example: '{{order}}' })}
          placeholder="https://shop.example.com/orders/{{order}}"
          {...props('url')}
        />
        <Textarea label={t('tools.description')} description={t('tools.description.more')} autosize minRows={2} {...props('description')} />
        <Arguments {...props('parameters')} value={tool.parameters} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('tools.filler')} description={t('tools.filler.more')} {...props('filler')} />
          <NumberInput label={t('tools.timeout')} description={t('tools.timeout.more')} min={500} max={60_000} step={500} {...props('timeout_ms')} />
        </SimpleGrid>
        <Pairs
          label={t('tools.headers')}
          about={t('tools.headers.more')}
          pairs={tool.headers}
          names={{ name: t('tools.header'), value: t('tools.header.value') }}
          errors={errorsUnder(form.errors, `tools.${n}.headers`)}
          onChange={(headers) => form.setFieldValue(`tools.${n}.headers`, headers)}
        />
      </Stack>
    </ListItem>
  );
}
