import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Loaded } from '~/shared/ui/Loaded';
import { Words } from '~/shared/ui/Words';

const PAGE = 100;
const COLOURS: Record<string, string> = { info: 'gray', warn: 'orange', error: 'red' };

/** What engines reported and logged about a call, as it came in; folded away until somebody opens it. */
export function Trace({ sessionId }: { sessionId: string }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  return (
    <Paper withBorder radius="md" p="sm" component="details" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('trace.title')}</summary>
      {isOpen && <Lines sessionId={sessionId} />}
    </Paper>
  );
}

function Lines({ sessionId }: { sessionId: string }) {
  const t = useT();
  const lines = useInfiniteQuery({
    queryKey: ['calls', 'trace', sessionId],
    queryFn: ({ pageParam }) =>
      need(
        api.GET('/api/v1/calls/{session_id}/trace', {
          params: { path: { session_id: sessionId }, query: { limit: String(PAGE), ...(pageParam === null ? {} : { after: String(pageParam) }) } },
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.data.length < PAGE ? undefined : page.last),
  });
  return (
    <Loaded query={lines}>
      {({ pages }) => {
        const all = pages.flatMap((page) => page.data);
        return (
          <Stack gap={6} mt="sm">
            {all.length === 0 && <Text c="dimmed">{t('trace.none')}</Text>}
            <Stack gap={6} component="ol" className="plain-list" p={0} m={0}>
              {all.map((line) => (
                <Line key={line.id} line={line} />
              ))}
            </Stack>
            {lines.hasNextPage && (
              <Group>
                <Button variant="default" size="xs" loading={lines.isFetchingNextPage} onClick={() => void lines.fetchNextPage()}>
                  {t('trace.more')}
                </Button>
              </Group>
            )}
          </Stack>
        );
      }}
    </Loaded>
  );
}

function Line({ line }: { line: Schemas['TraceLine'] }) {
  const t = useT();
  const format = useFormat();
  return (
    <Group component="li" gap="xs" align="flex-start" wrap="nowrap">
      <Text size="xs" c="dimmed" miw={76}>
        {format.clock(line.at)}
      </Text>
      <Badge size="xs" variant="light" tt="none" color={COLOURS[line.level] ?? 'gray'} miw={56}>
        {t(`trace.level.${line.level}`)}
      </Badge>
      <Words size="xs" className="mono words">
        {line.body}
      </Words>
    </Group>
  );
}
