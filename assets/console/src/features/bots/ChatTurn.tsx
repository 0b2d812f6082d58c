import { Badge, Code, Group, Text } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { Hits, hitsOf } from '~/shared/turns/Hits';
import classes from '~/shared/turns/turns.module.css';
import { Words } from '~/shared/ui/Words';
import type { Turn } from './chat';

/** One turn of a conversation in writing: words, or a tool that was wanted with what it gave. */
export function ChatTurn({ turn }: { turn: Turn }) {
  const t = useT();
  const hits = hitsOf(turn);
  return (
    <li className={classes.turn} data-role={turn.role}>
      <Group gap="xs" mb={2}>
        <Text size="xs" fw={650}>
          {t(`turn.${turn.role}`)}
        </Text>
        {turn.intent && (
          <Badge size="xs" variant="light" color="gray" tt="none">
            {t('chat.intent', { id: turn.intent })}
          </Badge>
        )}
        {turn.tool && (
          <Badge size="xs" variant="light" color={turn.failed ? 'red' : 'grape'} tt="none">
            {turn.tool}
          </Badge>
        )}
      </Group>
      {turn.tool && hasFields(turn.arguments) && <Code className="words">{JSON.stringify(turn.arguments)}</Code>}
      {turn.content !== turn.tool && <Words size="sm">{turn.content}</Words>}
      {hits.length > 0 && <Hits hits={hits} />}
    </li>
  );
}

function hasFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
