import { ActionIcon, Group, Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { IconArrowDown, IconArrowUp, IconTrash } from '~/shared/ui/icons';

interface Props {
  name: string;
  n: number;
  last: number;
  /** Absent where the order does not count. */
  onMove?: (to: number) => void;
  onRemove: () => void;
  children: ReactNode;
}

/** The frame of one thing of a list in the form: its name, and the buttons that move or remove it. */
export function ListItem({ name, n, last, onMove, onRemove, children }: Props) {
  const t = useT();
  return (
    <Paper withBorder p="md" radius="md" component="fieldset" aria-label={name} miw={0} m={0}>
      <Group justify="space-between" mb="xs" wrap="nowrap">
        <Text fw={600} className="words">
          {name}
        </Text>
        <Group gap={4} wrap="nowrap">
          {onMove && (
            <>
              <ActionIcon variant="subtle" disabled={n === 0} onClick={() => onMove(n - 1)} aria-label={t('flow.up', { name })}>
                <IconArrowUp size={16} />
              </ActionIcon>
              <ActionIcon variant="subtle" disabled={n === last} onClick={() => onMove(n + 1)} aria-label={t('flow.down', { name })}>
                <IconArrowDown size={16} />
              </ActionIcon>
            </>
          )}
          <ActionIcon variant="subtle" color="red" onClick={onRemove} aria-label={`${t('common.remove')} ${name}`}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      </Group>
      {children}
    </Paper>
  );
}
