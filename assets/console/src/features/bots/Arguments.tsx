import { ActionIcon, Anchor, Button, Checkbox, Group, JsonInput, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { IconPlus, IconTrash } from '~/shared/ui/icons';
import { argumentsOf, schemaOf, TYPES, type Argument } from './arguments';

interface Props {
  value: string;
  onChange: (schema: string) => void;
  error?: ReactNode;
  /** The form's own name of the field. */
  'data-path'?: string;
}

/** The arguments of a tool: rows, or the JSON Schema itself where it says more than rows can. */
export function Arguments({ value, onChange, error, 'data-path': path }: Props) {
  const t = useT();
  const [rows, setRows] = useState(() => argumentsOf(value));
  const toggle = (text: string, onClick: () => void) => (
    <Anchor component="button" type="button" size="xs" onClick={onClick}>
      {text}
    </Anchor>
  );
  if (rows === null) {
    const known = argumentsOf(value);
    return (
      <Stack gap={4}>
        <JsonInput
          label={t('tools.parameters')}
          description={t('tools.parameters.more')}
          autosize
          minRows={6}
          maxRows={20}
          formatOnBlur
          classNames={{ input: 'mono' }}
          value={value}
          onChange={onChange}
          error={error}
          data-path={path}
        />
        {known && <Group justify="flex-end">{toggle(t('tools.rows'), () => setRows(known))}</Group>}
      </Stack>
    );
  }
  const change = (next: Argument[]) => {
    setRows(next);
    onChange(schemaOf(next));
  };
  return (
    <Stack gap="xs" role="group" aria-label={t('tools.arguments')} data-path={path} tabIndex={-1}>
      <Group justify="space-between" align="flex-end">
        <div>
          <Text size="sm" fw={500}>
            {t('tools.arguments')}
          </Text>
          <Text size="xs" c="dimmed">
            {t('tools.arguments.more')}
          </Text>
        </div>
        {toggle(t('tools.json'), () => setRows(null))}
      </Group>
      {rows.map((row, n) => (
        <Row
          key={n}
          n={n}
          row={row}
          isTwice={row.name.trim() !== '' && rows.some((other, at) => at < n && other.name.trim() === row.name.trim())}
          onChange={(part) => change(rows.map((other, at) => (at === n ? { ...other, ...part } : other)))}
          onRemove={() => change(rows.filter((_, at) => at !== n))}
        />
      ))}
      {error && (
        <Text size="xs" c="var(--mantine-color-error)">
          {error}
        </Text>
      )}
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => setRows([...rows, { name: '', type: 'string', description: '', isRequired: true }])}
        >
          {t('tools.argument.add')}
        </Button>
      </Group>
    </Stack>
  );
}

interface RowProps {
  n: number;
  row: Argument;
  isTwice: boolean;
  onChange: (part: Partial<Argument>) => void;
  onRemove: () => void;
}

function Row({ n, row, isTwice, onChange, onRemove }: RowProps) {
  const t = useT();
  const of = (word: string) => `${t(word)} ${n + 1}`;
  return (
    <Group gap="xs" align="flex-start">
      <TextInput
        aria-label={of('tools.argument')}
        placeholder={t('tools.argument')}
        flex={1}
        miw={120}
        value={row.name}
        error={isTwice ? t('tools.argument.twice') : undefined}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={of('tools.argument.type')}
        w={150}
        data={TYPES.map((value) => ({ value, label: t(`tools.type.${value}`) }))}
        value={row.type}
        onChange={(event) => onChange({ type: event.currentTarget.value as Argument['type'] })}
      />
      <TextInput
        aria-label={of('tools.argument.meaning')}
        placeholder={t('tools.argument.meaning')}
        flex={2}
        miw={180}
        value={row.description}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
      <Checkbox label={t('tools.argument.needed')} aria-label={of('tools.argument.needed')} mt={8} checked={row.isRequired} onChange={(event) => onChange({ isRequired: event.currentTarget.checked })} />
      <ActionIcon variant="subtle" color="red" mt={6} aria-label={`${t('common.remove')} ${row.name || n + 1}`} onClick={onRemove}>
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  );
}
