import { Text, Timeline as Line } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';
import { Happened } from './Happened';
import type { Entry } from './model';
import { Waterfall } from './Waterfall';

/** How often the timeline of a running call is read anew. */
const WHILE_RUNNING_MS = 2000;

/** Everything that happened in one list, and above it how long each answer took. */
export function Timeline({ sessionId, isRunning }: { sessionId: string; isRunning: boolean }) {
  const t = useT();
  const timeline = useQuery({
    queryKey: ['calls', 'timeline', sessionId],
    queryFn: () => need(api.GET('/api/v1/calls/{session_id}/timeline', { params: { path: { session_id: sessionId } } })) as unknown as Promise<{ data: Entry[] }>,
    refetchInterval: isRunning ? WHILE_RUNNING_MS : false,
  });
  return (
    <Loaded query={timeline}>
      {({ data }) =>
        data.length === 0 ? (
          <Text c="dimmed">{t('call.timeline.none')}</Text>
        ) : (
          <>
            <Waterfall entries={data} />
            <Line bulletSize={14} lineWidth={2} active={data.length}>
              {data.map((entry, n) => (
                <Happened key={n} entry={entry} />
              ))}
            </Line>
          </>
        )
      }
    </Loaded>
  );
}
