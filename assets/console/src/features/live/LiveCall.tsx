import { Anchor, Badge, Group, Paper, ScrollArea, Stack, Text } from '@mantine/core';
import { memo, useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { useT } from '~/shared/i18n';
import { duration } from '~/shared/i18n/format';
import { otherSide } from '~/shared/ui/callWords';
import { HangUp } from '~/shared/ui/HangUp';
import { PauseRecording } from '~/shared/ui/PauseRecording';
import { Words } from '~/shared/ui/Words';
import { useEarlier, type Spoken, type Summary } from './useLiveCalls';

/** One running call: who, for how long, and what is being said. It is drawn anew for its own words alone: there may be hundreds. */
export const LiveCall = memo(function LiveCall({ call, lines }: { call: Summary; lines: Spoken[] }) {
  const t = useT();
  const earlier = useEarlier(call.session_id);
  const firstLive = lines[0]?.seq ?? Number.POSITIVE_INFINITY;
  const all = [...(earlier.data ?? []).filter((line) => line.seq < firstLive), ...lines];
  const began = Date.parse(call.answered_at ?? call.started_at ?? call.created_at);
  return (
    <Paper withBorder radius="md" p="md" data-testid="live-call" component="article" aria-label={otherSide(call, t)}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap">
          <Anchor component={Link} to={`/calls/${call.session_id}`} fw={600} className="words">
            {otherSide(call, t)}
          </Anchor>
          <Badge variant="light" tt="none" color={call.direction === 'outbound' ? 'grape' : 'blue'}>
            {t(`calls.direction.${call.direction}`)}
          </Badge>
        </Group>
        <Text size="xs" c="dimmed">
          {call.number_name ?? call.number ?? call.did ?? ''} · {t('live.running')} <Running since={began} />
        </Text>
        <Lines lines={all} />
        <Group gap="xs">
          <PauseRecording call={call} />
          <HangUp sessionId={call.session_id} who={otherSide(call, t)} />
        </Group>
      </Stack>
    </Paper>
  );
});

/** For how long a call has been running, told every second. */
function Running({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  return duration((now - since) / 1000);
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
