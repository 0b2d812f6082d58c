import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { eventsOf, type Happened } from '~/shared/live/events';
import { live } from '~/shared/live/stream';
import { IconPlayerPause, IconPlayerRecord } from './icons';
import { Mark } from './Mark';
import { told } from './told';

const PAUSED = 'recording_paused';
const RESUMED = 'recording_resumed';

/** Has the recording of a running call leave out what is said now, such as a card number, and says so while it does. */
export function PauseRecording({ sessionId }: { sessionId: string }) {
  const t = useT();
  const client = useQueryClient();
  const isPaused = usePaused(sessionId);
  const change = useMutation({
    mutationFn: (is_paused: boolean) =>
      need(api.PUT('/api/v1/calls/{session_id}/recording', { params: { path: { session_id: sessionId } }, body: { is_paused } })),
    onError: (error) => told(error.message, 'red'),
    onSettled: () => client.invalidateQueries({ queryKey: eventsOf(sessionId).queryKey }),
  });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        loading={change.isPending}
        leftSection={isPaused ? <IconPlayerRecord size={14} /> : <IconPlayerPause size={14} />}
        onClick={() => change.mutate(!isPaused)}
      >
        {t(isPaused ? 'live.record.on' : 'live.record.pause')}
      </Button>
      {isPaused && <Mark color="orange">{t('live.record.paused')}</Mark>}
    </>
  );
}

/** Whether the recording is paused, as the engine said last. */
function usePaused(sessionId: string): boolean {
  const client = useQueryClient();
  const events = useQuery({ ...eventsOf(sessionId), select: isPausedIn });
  useEffect(
    () =>
      live.listen({
        event: (event) => {
          const isOurs = event.session_id === sessionId && event.type === 'note' && (event.name === PAUSED || event.name === RESUMED);
          if (isOurs) void client.invalidateQueries({ queryKey: eventsOf(sessionId).queryKey });
        },
      }),
    [client, sessionId],
  );
  return events.data ?? false;
}

function isPausedIn(events: Happened[]): boolean {
  return events.findLast(({ name }) => name === PAUSED || name === RESUMED)?.name === PAUSED;
}
