import { Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useT } from '~/shared/i18n';
import { live } from '~/shared/live/stream';
import { Words } from '~/shared/ui/Words';

const MOST_LINES = 4;

interface Line {
  seq: number;
  role: 'assistant' | 'user' | 'tool';
  content: string;
}

/** What was said last on a running call, as it is spoken. For those who may watch calls, inside the frame that listens to events. */
export function LastWords({ sessionId }: { sessionId: string }) {
  const t = useT();
  const [lines, setLines] = useState<Line[]>([]);
  useEffect(
    () =>
      live.listen({
        event: (event) => {
          if (event.session_id !== sessionId || event.type !== 'turn') return;
          const { seq, turn } = event;
          setLines((known) => (known.some((line) => line.seq === seq) ? known : [...known, { seq, role: turn.role, content: turn.content }].slice(-MOST_LINES)));
        },
      }),
    [sessionId],
  );
  return (
    <Stack gap={4} role="log" aria-label={t('call.transcript')} mih={72}>
      {lines.map((line) => (
        <div key={line.seq}>
          <Text size="xs" fw={650} component="span">
            {t(`turn.${line.role}`)}:{' '}
          </Text>
          <Words size="sm">{line.content}</Words>
        </div>
      ))}
    </Stack>
  );
}
