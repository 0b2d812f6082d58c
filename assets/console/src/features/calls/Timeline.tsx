import { Badge, Code, Group, Text, Timeline as Line } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Loaded } from '~/shared/ui/Loaded';
import { Words } from '~/shared/ui/Words';
import type { Entry } from './model';
import { Waterfall } from './Waterfall';

/** How often the timeline of a running call is read anew. */
const WHILE_RUNNING_MS = 2000;
const COLOURS = { sip: 'blue', session: 'gray', turn: 'teal', tool: 'grape', event: 'orange' } as const;
/** What is said elsewhere in the line. */
const NOT_DETAILS = new Set(['seq', 'at', 'ts', 'type', 'name']);

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

function Happened({ entry }: { entry: Entry }) {
  const t = useT();
  const format = useFormat();
  const more = details(entry.detail);
  const word = t(`timeline.${entry.name}`);
  return (
    <Line.Item
      color={COLOURS[entry.kind]}
      title={
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {word === `timeline.${entry.name}` ? entry.name : word}
          </Text>
          <Badge size="xs" variant="light" tt="none" color={COLOURS[entry.kind]}>
            {t(`timeline.kind.${entry.kind}`)}
          </Badge>
        </Group>
      }
    >
      <Text size="xs" c="dimmed">
        {format.clock(entry.at)} (+{(entry.offset_ms / 1000).toFixed(2)} s)
      </Text>
      {entry.text && <Words size="sm">{entry.text}</Words>}
      {more && (
        <Code block mt={4} className="words" mah={240} tabIndex={0}>
          {more}
        </Code>
      )}
    </Line.Item>
  );
}

function details(detail: unknown): string {
  const known = Object.entries((detail ?? {}) as Record<string, unknown>).filter(
    ([name, value]) => !NOT_DETAILS.has(name) && value !== null && value !== '',
  );
  return known.flatMap(([name, value]) => said(name, value)).join('\n');
}

/** One line for each value, those of an object under its name. */
function said(name: string, value: unknown): string[] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([part, inner]) => (inner === null ? [] : [`${name}.${part}: ${plain(inner)}`]));
  }
  return [`${name}: ${plain(value)}`];
}

const plain = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
