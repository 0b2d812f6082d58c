import { queryOptions } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';

/** What has happened on a running call so far. */
export interface Happened {
  seq: number;
  type: string;
  name?: string;
  turn?: { role: 'assistant' | 'user' | 'tool'; content: string };
}

/** The events of a running call up to now; what comes later comes over the line of live events. */
export function eventsOf(sessionId: string) {
  return queryOptions({
    queryKey: ['calls', 'events', sessionId],
    queryFn: async () => {
      const call = await need(api.GET('/api/v1/calls/{session_id}', { params: { path: { session_id: sessionId } } }));
      return (call as { events?: Happened[] }).events ?? [];
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
