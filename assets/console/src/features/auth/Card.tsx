import { Center, Paper, Stack, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

/** A sheet in the middle, for screens outside the frame. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  useDocumentTitle(`${title} · cxbox`);
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder shadow="sm" radius="lg" p="xl" w={420} maw="100%">
        <Stack>
          <Stack align="center" gap="xs">
            <img src="/favicon.svg" width={44} height={44} alt="" />
            <Title order={1} size="h3" ta="center">
              {title}
            </Title>
          </Stack>
          {children}
        </Stack>
      </Paper>
    </Center>
  );
}
