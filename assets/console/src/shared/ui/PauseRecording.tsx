import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { live } from '~/shared/live/stream';
import { IconPlayerPause, IconPlayerRecord } from './icons';
import { Mark } from './Mark';
import { told } from './told';

type Now = Schemas['CallSummary']['recording_now'];
/** What the engine tells while a call runs, and how its recording stands from then on. */
const TOLD: Record<string, Now> = { recording_started: 'on', recording_paused: 'paused', recording_resumed: 'on', recording_failed: null };

/** Has the recording of a running call leave out what is said now, such as a card number, and says so while it does. A call that is not recorded has nothing to pause. */
export function PauseRecording({ call }: { call: { session_id: string; recording_now?: Now } }) {
  const t = useT();
  const { session_id } = call;
  const now = useRecordingNow(session_id, call.recording_now);
  const change = useMutation({
    mutationFn: (is_paused: boolean) => need(api.PUT('/api/v1/calls/{session_id}/recording', { params: { path: { session_id } }, body: { is_paused } })),
    onError: (error) => told(error.message, 'red'),
  });
  if (!now) return null;
  const isPaused = now === 'paused';
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

/** How the recording stands: as the call said when it was read, and as was told since then. */
function useRecordingNow(sessionId: string, read: Now): Now {
  const [heard, setHeard] = useState<Now>(undefined);
  useEffect(
    () =>
      live.listen({
        event: (event) => {
          if (event.session_id === sessionId && event.type === 'note' && event.name in TOLD) setHeard(TOLD[event.name]);
        },
        // What was missed stands in the call, which is read anew.
        back: () => setHeard(undefined),
      }),
    [sessionId],
  );
  return heard === undefined ? read : heard;
}
