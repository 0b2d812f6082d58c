import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { IconPlus, IconTrash } from './icons';

export interface Pair {
  name: string;
  value: string;
}

interface Props {
  label: string;
  about?: string;
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
  names: { name: string; value: string };
  placeholder?: Partial<Pair>;
  /** What the server said about a value, by the name before it. */
  errors?: Record<string, string>;
}

/** Names and their values, one pair in each row. */
export function Pairs({ label, about, pairs, onChange, names, placeholder, errors }: Props) {
  const t = useT();
  const set = (n: number, part: Partial<Pair>) => onChange(pairs.map((pair, at) => (at === n ? { ...pair, ...part } : pair)));
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <div>
        <Text size="sm" fw={500}>
          {label}
        </Text>
        {about && (
          <Text size="xs" c="dimmed">
            {about}
          </Text>
        )}
      </div>
      {pairs.map((pair, n) => (
        <Group key={n} gap="xs" wrap="nowrap" align="flex-start">
          <TextInput
            aria-label={`${names.name} ${n + 1}`}
            placeholder={placeholder?.name}
            flex={1}
            value={pair.name}
            onChange={(event) => set(n, { name: event.currentTarget.value })}
          />
          <TextInput
            aria-label={`${names.value} ${n + 1}`}
            placeholder={placeholder?.value}
            flex={2}
            value={pair.value}
            error={errors?.[pair.name]}
            onChange={(event) => set(n, { value: event.currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="red"
            mt={6}
            aria-label={`${t('common.remove')} ${pair.name || n + 1}`}
            onClick={() => onChange(pairs.filter((_, at) => at !== n))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group>
        <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={() => onChange([...pairs, { name: '', value: '' }])}>
          {t('common.add')}
        </Button>
      </Group>
    </Stack>
  );
}

export function pairsOf(map: Record<string, unknown> | null | undefined): Pair[] {
  return Object.entries(map ?? {}).map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) }));
}

/** The pairs as an object; those without a name are left out. */
export function mapOf(pairs: Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]));
}

/** What a form knows about the values of one map, by their names. */
export function errorsUnder(errors: Record<string, ReactNode>, path: string): Record<string, string> {
  const inside = Object.entries(errors).filter(([name]) => name.startsWith(`${path}.`));
  return Object.fromEntries(inside.map(([name, message]) => [name.slice(path.length + 1), typeof message === 'string' ? message : '']));
}
