import { Code, Text, Timeline as Line } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { millis, type Happening } from './model';

const SHOWN_ELSEWHERE = new Set(['seq', 'at', 'type', 'name', 'detail', 'session_id']);

/** What the engine reported: ringing, answer, tools, provider failures, transfer, end. */
export function Timeline({ events, origin }: { events: Happening[]; origin: number }) {
  const t = useT();
  const format = useFormat();
  if (events.length === 0) return <Text c="dimmed">{t('call.timeline.none')}</Text>;
  return (
    <Line bulletSize={14} lineWidth={2} active={events.length}>
      {events.map((event, n) => {
        const more = details(event);
        const seconds = (millis(event.at) - origin) / 1000;
        return (
          <Line.Item key={n} title={event.name ?? event.type ?? ''}>
            <Text size="xs" c="dimmed">
              {format.clock(event.at)} ({seconds >= 0 ? '+' : '−'}
              {Math.abs(seconds).toFixed(2)} s)
            </Text>
            {more && (
              <Code block mt={4} className="words">
                {more}
              </Code>
            )}
          </Line.Item>
        );
      })}
    </Line>
  );
}

function details(event: Happening): string {
  const rest = Object.entries(event).filter(([field, value]) => !SHOWN_ELSEWHERE.has(field) && value !== null && value !== '');
  const all = { ...Object.fromEntries(rest), ...(event.detail as Record<string, unknown> | undefined) };
  return Object.entries(all)
    .map(([field, value]) => `${field}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}
