import { Alert, Button, Group, NativeSelect, Paper, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import classes from '~/shared/turns/turns.module.css';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { IconRefresh } from '~/shared/ui/icons';
import { ChatTurn } from './ChatTurn';
import { saidOf, type Turn } from './chat';

type View = Schemas['BotView'];
type Answer = Schemas['ChatView'];

/** A bot tried in writing: what it would say on a call, without a telephone. */
export function Chat({ stored }: { stored: View }) {
  const t = useT();
  const [version, setVersion] = useState(stored.has_draft ? 'draft' : 'published');
  const [n, setN] = useState(0);
  return (
    <Stack maw={860}>
      <Group align="flex-end" justify="space-between">
        <NativeSelect
          label={t('chat.version')}
          value={version}
          onChange={(event) => setVersion(event.currentTarget.value)}
          data={[...(stored.has_draft ? ['draft'] : []), 'published'].map((value) => ({ value, label: t(`chat.version.${value}`) }))}
        />
        <Button variant="default" leftSection={<IconRefresh size={16} />} onClick={() => setN(n + 1)}>
          {t('chat.again')}
        </Button>
      </Group>
      <Conversation key={`${version} ${stored.version} ${n}`} botId={stored.id} version={version} />
    </Stack>
  );
}

function Conversation({ botId, version }: { botId: string; version: string }) {
  const t = useT();
  const [turns, setTurns] = useState<Turn[]>([]);
  const [usesTools, setUsesTools] = useState(false);
  const [words, setWords] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const ask = useMutation({
    // The description has no words for what else a turn may carry; it goes back as it came.
    mutationFn: (asked: Turn[]) =>
      need(api.POST('/api/v1/bots/{id}/test-chat', { params: { path: { id: botId } }, body: { version, turns: asked as never, uses_tools: usesTools } })),
    onSuccess: (answer, asked) => setTurns([...asked, ...(answer.turns as Turn[])]),
  });
  const { mutate } = ask;
  useEffect(() => mutate([]), [mutate]);
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [turns.length]);
  const isOver = Boolean(ask.data?.ends);
  const say = (event: FormEvent) => {
    event.preventDefault();
    const said = words.trim();
    if (said === '' || ask.isPending || isOver) return;
    setWords('');
    // What was said stays on the screen when it was not answered, and is sent with the next words.
    const asked = [...turns, saidOf(said)];
    setTurns(asked);
    mutate(asked);
  };
  return (
    <Paper withBorder radius="md" p="md">
      <Stack gap="sm">
        <div ref={list} className={classes.log} aria-label={t('chat.title')} role="log" tabIndex={0}>
          <ol className={classes.list}>
            {turns.map((turn, n) => (
              <ChatTurn key={n} turn={turn} />
            ))}
          </ol>
        </div>
        {ask.isError && <ErrorBox error={ask.error} onRetry={() => mutate(turns)} />}
        {ask.data && <Outcome answer={ask.data as Answer} />}
        <form onSubmit={say}>
          <Group gap="xs" align="flex-end" wrap="nowrap">
            <TextInput
              label={t('chat.words')}
              flex={1}
              value={words}
              disabled={isOver}
              autoComplete="off"
              maxLength={4000}
              onChange={(event) => setWords(event.currentTarget.value)}
            />
            <Button type="submit" loading={ask.isPending} disabled={isOver}>
              {t('chat.say')}
            </Button>
          </Group>
        </form>
        <Switch label={t('chat.tools')} description={t('chat.tools.more')} checked={usesTools} onChange={(event) => setUsesTools(event.currentTarget.checked)} />
      </Stack>
    </Paper>
  );
}

/** How the answer came about, and what would happen to a call now. */
function Outcome({ answer }: { answer: Answer }) {
  const t = useT();
  const tokens = answer.prompt_tokens + answer.completion_tokens;
  return (
    <>
      <Text size="xs" c="dimmed">
        {answer.took_ms > 0 && t('chat.took', { ms: answer.took_ms })}
        {tokens > 0 && `, ${t('chat.tokens', { prompt: answer.prompt_tokens, completion: answer.completion_tokens })}`}
      </Text>
      {answer.ends && (
        <Alert color="blue" role="status">
          {answer.ends.kind === 'transfer' ? t('chat.ends.transfer', { target: answer.ends.target }) : t('chat.ends.end_call')}
        </Alert>
      )}
    </>
  );
}
