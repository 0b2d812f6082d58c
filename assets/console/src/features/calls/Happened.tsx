import { Badge, Group, Text, Timeline as Line } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { useCode } from '~/shared/ui/callWords';
import { Words } from '~/shared/ui/Words';
import type { Entry } from './model';
import classes from './happened.module.css';

const COLOURS = { sip: 'blue', session: 'gray', turn: 'teal', tool: 'grape', event: 'orange' } as const;
/** What is said elsewhere: in the line itself, or as a link among the facts. */
const NOT_DETAILS = new Set(['seq', 'at', 'ts', 'type', 'name', 'bot_id', 'bot_version', 'carrier_id']);
/** Details whose values are codes of the API. */
const CODES: Record<string, string> = { outcome: 'outcome', disconnected_by: 'ended', direction: 'calls.direction', because: 'because', answered_by: 'who', method: 'method', status: 'calls.status' };

/** One entry of the timeline: what, when, the words, and what else is known of it. */
export function Happened({ entry }: { entry: Entry }) {
  const t = useT();
  const format = useFormat();
  const code = useCode();
  const details = useDetails(entry);
  const text = entry.text ?? textOf(entry.detail);
  // One has to move in what is cut off.
  const isLong = details.length > 8 || details.some(([, value]) => value.length > 300);
  return (
    <Line.Item
      color={COLOURS[entry.kind]}
      title={
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {code('timeline', entry.name)}
          </Text>
          <Badge size="xs" variant="light" tt="none" color={COLOURS[entry.kind]}>
            {t(`timeline.kind.${entry.kind}`)}
          </Badge>
        </Group>
      }
    >
      <Text size="xs" c="dimmed">
        {format.clock(entry.at)} (+{t('series.seconds', { n: entry.offset_ms / 1000 })})
      </Text>
      {text && <Words size="sm">{text}</Words>}
      {details.length > 0 && (
        <dl className={classes.details} tabIndex={isLong ? 0 : undefined}>
          {details.map(([name, value]) => (
            <div key={name} className={classes.detail}>
              <dt>{name}</dt>
              <dd className="words">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Line.Item>
  );
}

/** Words that an event brings along are shown as those of a turn. */
function textOf(detail: unknown): string | null {
  const { text } = (detail ?? {}) as Record<string, unknown>;
  return typeof text === 'string' ? text : null;
}

/** Names and values in words; those of an object stand for themselves, and a name that nobody has a word for, too. */
function useDetails({ name: title, detail }: Entry): [string, string][] {
  const t = useT();
  const format = useFormat();
  const code = useCode();
  const said = (name: string, value: unknown): string => {
    const kind = CODES[name];
    if (typeof value === 'string') return (kind && code(kind, value)) || value;
    if (typeof value === 'boolean') return t(value ? 'common.yes' : 'common.no');
    if (typeof value === 'number') return name.endsWith('_ms') ? `${format.number(value)} ms` : format.number(value);
    return JSON.stringify(value);
  };
  const parts = Object.entries((detail ?? {}) as Record<string, unknown>).flatMap(([name, value]) => {
    const isMap = value !== null && typeof value === 'object' && !Array.isArray(value);
    return isMap ? Object.entries(value) : [[name, value] as [string, unknown]];
  });
  const known = parts.filter(([name, value]) => !NOT_DETAILS.has(name) && name !== 'text' && value !== null && value !== '' && value !== title);
  return known.map(([name, value]) => [code('detail', name) ?? name, said(name, value)]);
}
