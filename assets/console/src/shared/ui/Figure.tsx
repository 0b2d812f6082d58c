import { Anchor, Paper, Text } from '@mantine/core';
import { Link } from 'react-router';
import { useFormat } from '~/shared/i18n/format';

interface Props {
  label: string;
  value?: number;
  /** Where the figure leads. */
  to?: string;
  isBad?: boolean;
}

/** One number that matters, with its name. */
export function Figure({ label, value, to, isBad }: Props) {
  const format = useFormat();
  const shown = value === undefined ? '–' : format.number(value);
  const colour = isBad ? 'var(--mantine-color-error)' : 'var(--mantine-color-text)';
  return (
    <Paper withBorder radius="md" p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {to ? (
        <Anchor component={Link} to={to} aria-label={`${label}: ${value ?? ''}`} fz={30} fw={650} c={colour}>
          {shown}
        </Anchor>
      ) : (
        <Text fz={30} fw={650} c={colour}>
          {shown}
        </Text>
      )}
    </Paper>
  );
}
