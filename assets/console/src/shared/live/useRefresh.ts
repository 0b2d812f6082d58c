import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { live } from './stream';

/** Not more often than this, however many calls come and go. */
const PACE_MS = 1000;
const CHANGES = new Set(['ringing', 'answered', 'started', 'completed', 'transferred']);

/** Reads lists of calls anew when a call begins or ends, and everything after the line to the server was down. */
export function useLiveRefresh() {
  const client = useQueryClient();
  useEffect(() => {
    live.start();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.listen({
      event: (event) => {
        if (!CHANGES.has(event.type)) return;
        timer ??= setTimeout(() => {
          timer = undefined;
          void client.invalidateQueries({ queryKey: ['calls'] });
          void client.invalidateQueries({ queryKey: ['outbound'] });
        }, PACE_MS);
      },
      back: () => void client.invalidateQueries(),
    });
    return () => {
      clearTimeout(timer);
      stop();
      live.stop();
    };
  }, [client]);
}
