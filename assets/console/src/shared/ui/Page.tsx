import { Box, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

interface Props {
  title: string;
  /** One sentence on what this screen is for. */
  about?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of every screen: its heading, what it is for, what one can do, and the rest. */
export function Page({ title, about, actions, children }: Props) {
  useDocumentTitle(`${title} · cxbox`);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" wrap="wrap">
        <Box miw={0} maw="100%">
          <Title order={1} size="h2" className="words">
            {title}
          </Title>
          {about && (
            <Text c="dimmed" mt={4} maw={720}>
              {about}
            </Text>
          )}
        </Box>
        {actions && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
