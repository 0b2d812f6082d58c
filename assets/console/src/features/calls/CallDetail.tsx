import { Alert, Grid, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type Ref } from 'react';
import { useParams } from 'react-router';
import { api, need } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { CallState, otherSide } from '~/shared/ui/callWords';
import { HangUp } from '~/shared/ui/HangUp';
import { Json } from '~/shared/ui/Json';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { PauseRecording } from '~/shared/ui/PauseRecording';
import { Section } from '~/shared/ui/Section';
import { Analysis } from './Analysis';
import { CallDeliveries } from './CallDeliveries';
import { Facts } from './Facts';
import { CrmPush } from './CrmPush';
import { Hold } from './Hold';
import { Links } from './Links';
import { Notes, Tags } from './Marks';
import { originOf, turnsOf, type Call } from './model';
import { Player, type PlayerHandle } from './Player';
import { Timeline } from './Timeline';
import { Trace } from './Trace';
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
  const isAdmin = ranks(useMe().role, 'admin');
  const player = useRef<PlayerHandle>(null);
  const [at, setAt] = useState(0);
  const turns = turnsOf(call);
  const origin = originOf(call);
  return (
    <Page
      title={t('call.title', { who: otherSide(call, t) })}
      actions={
        <Group gap="xs">
          <CallState status={call.status} />
          <Text c="dimmed">{t(`calls.direction.${call.direction}`)}</Text>
          {call.status === 'active' && <PauseRecording call={call} />}
          {call.status === 'active' && <HangUp sessionId={call.session_id} who={otherSide(call, t)} />}
        </Group>
      }
    >
      {call.error_detail && (
        <Alert color="red" className="words">
          {call.error_detail}
        </Alert>
      )}
      <Section title={t('call.recording')}>
        <Recording call={call} ref={player} onTime={setAt} />
      </Section>
      <Grid>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="lg">
            <Section title={t('call.transcript')}>
              <Transcript
                turns={turns}
                origin={origin}
                at={at}
                onSeek={call.recording_key && isAdmin ? (seconds) => player.current?.seek(seconds) : undefined}
              />
            </Section>
            <Section title={t('call.timeline')}>
              <Timeline sessionId={call.session_id} isRunning={call.status === 'active'} />
            </Section>
            <Section title={t('call.analysis')}>
              <Analysis call={call} />
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="lg">
            <Section title={t('call.facts')}>
              <Stack gap="md">
                <Facts call={call} />
                <Tags key={call.session_id} sessionId={call.session_id} tags={tagsOf(call)} />
                {isAdmin && <Hold sessionId={call.session_id} hold={call.legal_hold ?? null} />}
              </Stack>
            </Section>
            {isAdmin && <Links call={call} />}
            <Notes sessionId={call.session_id} notes={call.notes ?? []} />
            {isAdmin && call.crm_push && <CrmPush sessionId={call.session_id} push={call.crm_push} />}
            {isAdmin && (
              <Section title={t('call.webhooks')}>
                <CallDeliveries sessionId={call.session_id} />
              </Section>
            )}
          </Stack>
        </Grid.Col>
      </Grid>
      {isAdmin && <Trace sessionId={call.session_id} />}
      <Json label={t('call.raw')} value={call} />
    </Page>
  );
}

/** Tags as words: a detail says who put each there, a list does not. */
function tagsOf(call: Call): string[] {
  return (call.tags ?? []).map((tag) => (typeof tag === 'string' ? tag : tag.tag));
}

/** The recording for those who may listen to it, and a sentence for the others. */
function Recording({ call, ref, onTime }: { call: Call; ref: Ref<PlayerHandle>; onTime: (seconds: number) => void }) {
  const t = useT();
  const mayListen = ranks(useMe().role, 'admin');
  if (!call.recording_key) return <Text c="dimmed">{t('call.recording.none')}</Text>;
  if (!mayListen) return <Text c="dimmed">{t('call.recording.refused')}</Text>;
  return <Player ref={ref} sessionId={call.session_id} onTime={onTime} />;
}
