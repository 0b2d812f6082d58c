import { Button, Group, NativeSelect, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';
import { IconPlus } from '~/shared/ui/icons';
import { errorsUnder, Pairs } from '~/shared/ui/Pairs';
import { Section } from '~/shared/ui/Section';
import type { BotFields } from './form';
import { ListItem } from './ListItem';
import { EXAMPLES, NEW_TARGET, REACHES, type Method, type TargetFields } from './tools';

type Form = UseFormReturnType<BotFields>;
const METHODS = Object.keys(REACHES) as Method[];

/** Whom a call may be handed on to. A model can name nobody else. */
export function Transfers({ form }: { form: Form }) {
  const t = useT();
  const targets = form.values.transfer_targets;
  return (
    <Section title={t('transfer.title')} about={t('transfer.about')}>
      <Stack gap="sm">
        {targets.map((target, n) => (
          <TargetEditor key={n} form={form} n={n} target={target} last={targets.length - 1} />
        ))}
        <Group>
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => form.insertListItem('transfer_targets', { ...NEW_TARGET })}>
            {t('transfer.add')}
          </Button>
        </Group>
        <Textarea label={t('transfer.words')} autosize minRows={1} {...form.getInputProps('pre_transfer_message')} />
        <Pairs
          label={t('transfer.numbers')}
          about={t('transfer.numbers.more')}
          pairs={form.values.transfer_numbers}
          names={{ name: t('transfer.numbers.name'), value: t('transfer.numbers.value') }}
          placeholder={{ name: 'sales', value: '+15550100' }}
          errors={errorsUnder(form.errors, 'transfer_numbers')}
          onChange={(pairs) => form.setFieldValue('transfer_numbers', pairs)}
        />
        {targets.length === 0 && form.values.transfer_numbers.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('transfer.empty')}
          </Text>
        )}
      </Stack>
    </Section>
  );
}

function TargetEditor({ form, n, target, last }: { form: Form; n: number; target: TargetFields; last: number }) {
  const t = useT();
  const path = `transfer_targets.${n}`;
  const props = (name: string) => form.getInputProps(`${path}.${name}`);
  const box = (name: string) => form.getInputProps(`${path}.${name}`, { type: 'checkbox' });
  const method = (value: Method) => {
    form.setFieldValue(`${path}.method`, value);
    if (!REACHES[value].includes(target.type)) form.setFieldValue(`${path}.type`, REACHES[value][0]);
  };
  return (
    <ListItem name={target.label || target.id || t('transfer.target', { n: n + 1 })} n={n} last={last} onRemove={() => form.removeListItem('transfer_targets', n)}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label={t('transfer.id')} description={t('transfer.id.more')} placeholder="front_desk" {...props('id')} />
        <TextInput label={t('transfer.label')} description={t('transfer.label.more')} {...props('label')} />
        <NativeSelect
          label={t('transfer.method')}
          data={METHODS.map((value) => ({ value, label: t(`transfer.method.${value}`) }))}
          {...props('method')}
          onChange={(event) => method(event.currentTarget.value as Method)}
        />
        <NativeSelect
          label={t('transfer.type')}
          data={REACHES[target.method].map((value) => ({ value, label: t(`transfer.type.${value}`) }))}
          {...props('type')}
        />
        <TextInput label={t('transfer.value')} placeholder={EXAMPLES[target.type]} {...props('value')} />
        <Group mt={{ sm: 28 }}>
          <Switch label={t('transfer.enabled')} {...box('enabled')} />
          <Switch label={t('transfer.default')} {...box('is_default')} />
        </Group>
        <Switch label={t('transfer.attended')} description={t('transfer.attended.more')} {...box('attended')} />
        {target.attended && (
          <Textarea label={t('transfer.briefing')} description={t('transfer.briefing.more')} autosize minRows={1} {...props('briefing')} />
        )}
      </SimpleGrid>
    </ListItem>
  );
}
