import { Alert, Grid, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useParams } from 'react-router';
import { api, need } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { CallState, otherSide } from '~/shared/ui/callWords';
import { Json } from '~/shared/ui/Json';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { Section } from '~/shared/ui/Section';
import { Analysis } from './Analysis';
import { CallDeliveries } from './CallDeliveries';
import { Facts } from './Facts';
import { eventsOf, originOf, turnsOf, type Call } from './model';
import { Player, type PlayerHandle } from './Player';
import { Timeline } from './Timeline';
import { Transcript } from './Transcript';

/** How often a running call is read anew. */
const WHILE_RUNNING_MS = 2000;

export default function CallDetail() {
  const { id = '' } = useParams();
  const call = useQuery({
    queryKey: ['calls', 'one', id],
    queryFn: () => need(api.GET('/api/v1/calls/{session_id}', { params: { path: { session_id: id } } })) as Promise<Call>,
    refetchInterval: (query) => (query.state.data?.status === 'active' ? WHILE_RUNNING_MS : false),
  });
  return <Loaded query={call}>{(call) => <Detail call={call} />}</Loaded>;
}

function Detail({ call }: { call: Call }) {
  const t = useT();
  const mayReadWebhooks = ranks(useMe().role, 'admin');
  const player = useRef<PlayerHandle>(null);
  const [at, setAt] = useState(0);
  const turns = turnsOf(call);
  const origin = originOf(call);
  return (
    <Page
      title={t('call.title', { who: otherSide(call) })}
      actions={
        <Group gap="xs">
          <CallState status={call.status} />
          <Text c="dimmed">{t(`calls.direction.${call.direction}`)}</Text>
        </Group>
      }
    >
      {call.error_detail && (
        <Alert color="red" className="words">
          {call.error_detail}
        </Alert>
      )}
      <Section title={t('call.recording')}>
        {call.recording_key ? <Player ref={player} sessionId={call.session_id} onTime={setAt} /> : <Text c="dimmed">{t('call.recording.none')}</Text>}
      </Section>
      <Grid>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="lg">
            <Section title={t('call.transcript')}>
              <Transcript
                turns={turns}
                origin={origin}
                at={at}
                onSeek={call.recording_key ? (seconds) => player.current?.seek(seconds) : undefined}
              />
            </Section>
            <Section title={t('call.timeline')}>
              <Timeline events={eventsOf(call)} origin={origin} />
            </Section>
            <Section title={t('call.analysis')}>
              <Analysis call={call} />
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="lg">
            <Section title={t('call.facts')}>
              <Facts call={call} />
            </Section>
            {mayReadWebhooks && (
              <Section title={t('call.webhooks')}>
                <CallDeliveries sessionId={call.session_id} />
              </Section>
            )}
          </Stack>
        </Grid.Col>
      </Grid>
      <Json label={t('call.raw')} value={call} />
    </Page>
  );
}
