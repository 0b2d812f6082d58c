import { Center, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Where a list would be: what belongs here, and what to do to get it. */
export function EmptyState({ title, more, action, isSmall }: { title: string; more?: string; action?: ReactNode; isSmall?: boolean }) {
  return (
    <Center py={isSmall ? 'xs' : 48} px="md">
      <Stack align="center" gap="xs" maw={460}>
        <Text fw={600} size={isSmall ? 'sm' : 'lg'} ta="center">
          {title}
        </Text>
        {more && (
          <Text c="dimmed" ta="center">
            {more}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}
