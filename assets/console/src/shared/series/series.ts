import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';

export type Point = Schemas['SeriesPoint'];
export type Figures = Schemas['CallFiguresView'];
/** Whose calls; everybody's when it is empty. The API takes one of them. */
export type Scope = { bot_id?: string; number?: string; carrier_id?: string };

export const SPANS = ['today', 'week', 'month'] as const;
export type Span = (typeof SPANS)[number];
const DAYS: Record<Span, number> = { today: 1, week: 7, month: 30 };

/** What an outcome comes to, from the good to the bad; words nobody knows here are "other". */
export const ENDS = ['held', 'transferred', 'voicemail', 'missed', 'failed', 'other'] as const;
export type End = (typeof ENDS)[number];
const END_OF: Record<string, End> = {
  finished: 'held',
  success: 'held',
  'ended-success': 'held',
  'far-hangup': 'held',
  'max-duration': 'held',
  voicemail: 'voicemail',
  'no-answer': 'missed',
  busy: 'missed',
  rejected: 'missed',
  'empty-room': 'missed',
  cancelled: 'missed',
  failed: 'failed',
};
export const COLOURS: Record<End, string> = {
  held: '--mantine-color-teal-6',
  transferred: '--mantine-color-blue-5',
  voicemail: '--mantine-color-grape-5',
  missed: '--mantine-color-yellow-6',
  failed: '--mantine-color-red-6',
  other: '--mantine-color-gray-5',
};

/** How many calls came to what. */
export function endsOf({ outcomes }: Figures): Record<End, number> {
  const ends: Record<End, number> = { held: 0, transferred: 0, voicemail: 0, missed: 0, failed: 0, other: 0 };
  for (const [word, n] of Object.entries(outcomes)) ends[endOf(word)] += n;
  return ends;
}

function endOf(word: string): End {
  return word.startsWith('transferred') ? 'transferred' : (END_OF[word] ?? 'other');
}

/** Figures of calls of whole days in the viewer's own zone. Those of a call come a moment after its end. */
export function useSeries(span: Span, scope: Scope) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { from, to } = useDays(DAYS[span]);
  return useQuery({
    queryKey: ['calls', 'series', span, scope, zone, from],
    queryFn: () =>
      need(api.GET('/api/v1/analytics/calls', { params: { query: { from, to, zone, bucket: span === 'today' ? 'hour' : 'day', ...scope } } })),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => (state.data?.is_complete === false ? 2000 : 60_000),
  });
}

/** From the first moment of the first of so many days to the end of today. */
function useDays(days: number): { from: string; to: string } {
  const today = new Date().toDateString();
  return useMemo(() => {
    const midnight = (plus: number) => {
      const at = new Date(today);
      at.setDate(at.getDate() + plus);
      return at.toISOString();
    };
    return { from: midnight(1 - days), to: midnight(1) };
  }, [today, days]);
}
