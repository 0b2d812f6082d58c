import { Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useT } from '~/shared/i18n';
import { live } from '~/shared/live/stream';
import { Words } from '~/shared/ui/Words';
import { listenToOwnCall } from './ownWords';

const MOST_LINES = 4;

interface Line {
  seq: number;
  role: 'assistant' | 'user' | 'tool';
  content: string;
}

/**
 * What was said last on a running call, as it is spoken. With the key that came with the call for whoever started it; without one for those
 * who may watch calls, inside the frame that listens to events.
 */
export function LastWords({ sessionId, wordsKey }: { sessionId: string; wordsKey?: string }) {
  const t = useT();
  const [lines, setLines] = useState<Line[]>([]);
  useEffect(() => {
    const add = (line: Line) => setLines((known) => (known.some(({ seq }) => seq === line.seq) ? known : [...known, line].slice(-MOST_LINES)));
    if (wordsKey) return listenToOwnCall(sessionId, wordsKey, add);
    return live.listen({
      event: (event) => {
        if (event.session_id === sessionId && event.type === 'turn') add({ seq: event.seq, role: event.turn.role, content: event.turn.content });
      },
    });
  }, [sessionId, wordsKey]);
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
