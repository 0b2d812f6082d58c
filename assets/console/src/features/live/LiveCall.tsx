import { Anchor, Badge, Button, Group, Paper, ScrollArea, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { api, need } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { duration } from '~/shared/i18n/format';
import { otherSide } from '~/shared/ui/callWords';
import { Confirm } from '~/shared/ui/Confirm';
import { IconPhoneOff } from '~/shared/ui/icons';
import { Words } from '~/shared/ui/Words';
import { useEarlier, type Spoken, type Summary } from './useLiveCalls';

/** One running call: who, for how long, and what is being said. */
export function LiveCall({ call, lines, now }: { call: Summary; lines: Spoken[]; now: number }) {
  const t = useT();
  const earlier = useEarlier(call.session_id, true);
  const firstLive = lines[0]?.seq ?? Number.POSITIVE_INFINITY;
  const all = [...(earlier.data ?? []).filter((line) => line.seq < firstLive), ...lines];
  const began = Date.parse(call.answered_at ?? call.started_at ?? call.created_at);
  return (
    <Paper withBorder radius="md" p="md" data-testid="live-call" component="article" aria-label={otherSide(call)}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap">
          <Anchor component={Link} to={`/calls/${call.session_id}`} fw={600} className="words">
            {otherSide(call)}
          </Anchor>
          <Badge variant="light" tt="none" color={call.direction === 'outbound' ? 'grape' : 'blue'}>
            {t(`calls.direction.${call.direction}`)}
          </Badge>
        </Group>
        <Text size="xs" c="dimmed">
          {call.number_name ?? call.number ?? call.did ?? ''} · {t('live.running')} {duration((now - began) / 1000)}
        </Text>
        <Lines lines={all} />
        <HangUp call={call} />
      </Stack>
    </Paper>
  );
}

function Lines({ lines }: { lines: Spoken[] }) {
  const t = useT();
  const end = useRef<HTMLDivElement>(null);
  const newest = lines.at(-1)?.seq;
  useEffect(() => {
    void end.current?.scrollIntoView({ block: 'nearest' });
  }, [newest]);
  return (
    <ScrollArea h={190} type="auto" viewportProps={{ tabIndex: 0, role: 'log', 'aria-label': t('call.transcript') }}>
      <Stack gap={6}>
        {lines.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('live.silence')}
          </Text>
        )}
        {lines.map((line) => (
          <div key={line.seq}>
            <Text size="xs" fw={650} component="span">
              {t(`turn.${line.role}`)}:{' '}
            </Text>
            <Words size="sm">{line.content}</Words>
          </div>
        ))}
        <div ref={end} />
      </Stack>
    </ScrollArea>
  );
}

/** Ends a call this box has placed. The one whom the box was called by ends theirs themselves. */
function HangUp({ call }: { call: Summary }) {
  const t = useT();
  const client = useQueryClient();
  const mayEnd = ranks(useMe().role, 'admin');
  const id = call.call_id;
  if (!mayEnd || call.direction !== 'outbound' || !id) return null;
  const end = async () => {
    await need(api.POST('/api.ashx/v1/calls/{id}/hangup', { params: { path: { id } } }));
    await client.invalidateQueries({ queryKey: ['calls'] });
  };
  return (
    <Confirm title={t('live.hangup.sure', { who: otherSide(call) })} verb={t('live.hangup')} onYes={end}>
      {(open) => (
        <Button color="red" variant="light" size="xs" leftSection={<IconPhoneOff size={14} />} onClick={open}>
          {t('live.hangup')}
        </Button>
      )}
    </Confirm>
  );
}
