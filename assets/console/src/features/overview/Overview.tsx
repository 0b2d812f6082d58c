import { Anchor, Box, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { CallState, otherSide } from '~/shared/ui/callWords';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { CallSeries } from '~/shared/series/CallSeries';
import { Section } from '~/shared/ui/Section';
import { Figures } from './Figures';
import { Health } from './Health';

const LATEST = '8';

export default function Overview() {
  const t = useT();
  return (
    <Page title={t('overview.title')} about={t('overview.about')}>
      <Figures />
      <Health />
      <CallSeries title={t('overview.series')} scope={{}} />
      <Latest />
    </Page>
  );
}

function Latest() {
  const t = useT();
  const calls = useQuery({
    queryKey: ['calls', 'latest'],
    queryFn: () => need(api.GET('/api/v1/calls', { params: { query: { limit: LATEST } } })),
  });
  return (
    <Section title={t('overview.latest')}>
      <Loaded query={calls}>{(list) => (list.data.length === 0 ? <Begin /> : list.data.map((call) => <Line key={call.session_id} call={call} />))}</Loaded>
    </Section>
  );
}

function Line({ call }: { call: Schemas['CallSummary'] }) {
  const t = useT();
  const format = useFormat();
  return (
    <Group justify="space-between" py={8} wrap="nowrap">
      <Anchor component={Link} to={`/calls/${call.session_id}`} className="words" flex={1}>
        {otherSide(call, t)}
      </Anchor>
      <Text size="sm" c="dimmed" visibleFrom="sm">
        {format.ago(call.started_at ?? call.created_at)}
      </Text>
      <Text size="sm" w={56} ta="right" visibleFrom="xs">
        {format.duration(call.call_duration_seconds)}
      </Text>
      {/* As wide as the longest word, so that the figures before it stand in columns. */}
      <Box w={92} ta="right">
        <CallState status={call.status} />
      </Box>
    </Group>
  );
}

function Begin() {
  const t = useT();
  return (
    <EmptyState
      title={t('overview.begin')}
      more={t('overview.begin.more')}
      action={
        <Button component={Link} to="/setup" mt="sm">
          {t('overview.begin.do')}
        </Button>
      }
    />
  );
}
