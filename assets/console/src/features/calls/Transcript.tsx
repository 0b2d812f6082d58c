import { Badge, Box, Group, Text, UnstyledButton } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { duration } from '~/shared/i18n/format';
import { Hits, hitsOf } from '~/shared/turns/Hits';
import classes from '~/shared/turns/turns.module.css';
import { useCode } from '~/shared/ui/callWords';
import { Words } from '~/shared/ui/Words';
import { millis, type Turn } from './model';

interface Props {
  turns: Turn[];
  /** When the recording began. */
  origin: number;
  /** Where the recording is. */
  at: number;
  /** Absent where there is nothing to listen to. */
  onSeek?: (seconds: number) => void;
}

/** What was said, in step with the recording: the turn being heard is marked, a click on its time plays it. */
export function Transcript({ turns, origin, at, onSeek }: Props) {
  const t = useT();
  const code = useCode();
  if (turns.length === 0) return <Text c="dimmed">{t('call.transcript.none')}</Text>;
  const starts = turns.map((turn) => Math.max(0, (millis(turn.ts) - origin) / 1000));
  const heard = at > 0 ? starts.findLastIndex((start) => start <= at + 0.05) : -1;
  return (
    <ol className={classes.list}>
      {turns.map((turn, n) => (
        <li key={n} className={classes.turn} data-role={turn.role} data-heard={n === heard || undefined}>
          <Group gap="xs" wrap="nowrap" mb={2}>
            <Text size="xs" fw={650}>
              {t(`turn.${turn.role}`)}
            </Text>
            {onSeek ? (
              <UnstyledButton className={classes.time} title={t('call.transcript.seek')} onClick={() => onSeek(starts[n] ?? 0)}>
                {duration(starts[n])}
              </UnstyledButton>
            ) : (
              <Box className={classes.time}>{duration(starts[n])}</Box>
            )}
            {turn.interrupted === true && (
              <Badge size="xs" variant="light" color="orange" tt="none">
                {t('turn.interrupted')}
              </Badge>
            )}
          </Group>
          <Words size="sm">{turn.role === 'tool' ? (code('timeline', turn.content) ?? '') : turn.content}</Words>
          {hitsOf(turn).length > 0 && <Hits hits={hitsOf(turn)} />}
        </li>
      ))}
    </ol>
  );
}
