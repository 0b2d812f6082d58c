import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { eventsOf, type Happened } from '~/shared/live/events';
import { live, type LiveEvent } from '~/shared/live/stream';

export type Summary = Schemas['CallSummary'];
export type Spoken = { seq: number; role: 'assistant' | 'user' | 'tool'; content: string };
type Lines = Record<string, Spoken[]>;

/** The newest lines kept of each call. */
const MOST_LINES = 50;
const MOST_CALLS = '200';
const PACE_MS = 1000;

function heard(lines: Lines, event: LiveEvent | null): Lines {
  if (event === null) return {};
  if (event.type === 'completed') {
    const { [event.session_id]: _, ...rest } = lines;
    return rest;
  }
  if (event.type !== 'turn') return lines;
  const known = lines[event.session_id] ?? [];
  if (known.some((line) => line.seq === event.seq)) return lines;
  const line = { seq: event.seq, role: event.turn.role, content: event.turn.content };
  return { ...lines, [event.session_id]: [...known, line].slice(-MOST_LINES) };
}

/** The calls that run, and what is said on them. The list is read anew when a call begins or ends; the words come as they are spoken. */
export function useLiveCalls() {
  const client = useQueryClient();
  const [lines, hear] = useReducer(heard, {});
  const calls = useQuery({
    queryKey: ['calls', 'live'],
    queryFn: () => need(api.GET('/api/v1/calls', { params: { query: { status: 'active', limit: MOST_CALLS } } })),
    refetchInterval: 15_000,
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.listen({
      event: (event) => {
        hear(event);
        if (event.type !== 'turn' && event.type !== 'note') {
          timer ??= setTimeout(() => {
            timer = undefined;
            void client.invalidateQueries({ queryKey: ['calls', 'live'] });
          }, PACE_MS / 4);
        }
      },
      back: () => hear(null),
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client]);
  return { calls, lines };
}

/** What was said before this screen was opened. */
export function useEarlier(sessionId: string) {
  return useQuery({ ...eventsOf(sessionId), select: spokenIn });
}

function spokenIn(events: Happened[]): Spoken[] {
  return events.flatMap(({ seq, type, turn }) => (type === 'turn' && turn ? [{ ...turn, seq }] : []));
}
