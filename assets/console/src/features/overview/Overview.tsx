import { Alert, Anchor, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useReadiness } from '~/shared/api/ready';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { CallState, otherSide } from '~/shared/ui/callWords';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Figure } from '~/shared/ui/Figure';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';

const LATEST = '8';

export default function Overview() {
  const t = useT();
  return (
    <Page title={t('overview.title')} about={t('overview.about')}>
      <Figures />
      <Health />
      <Latest />
    </Page>
  );
}

/** How many calls match, without reading them. */
function useCount(name: string, query: Record<string, string>) {
  return useQuery({
    queryKey: ['calls', 'count', name, query],
    queryFn: async () => (await need(api.GET('/api/v1/calls', { params: { query: { ...query, limit: '1' } } }))).total,
  });
}

function Figures() {
  const t = useT();
  const isAdmin = ranks(useMe().role, 'admin');
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const from = midnight.toISOString();
  const now = useCount('now', { status: 'active' });
  const today = useCount('today', { from });
  const failed = useCount('failed', { from, status: 'failed' });
  const fleet = useQuery({ queryKey: ['fleet'], queryFn: () => need(api.GET('/api/v1/fleet/status')), enabled: isAdmin, refetchInterval: 10_000 });
  const day = `${midnight.getFullYear()}-${String(midnight.getMonth() + 1).padStart(2, '0')}-${String(midnight.getDate()).padStart(2, '0')}`;
  return (
    <SimpleGrid cols={{ base: 2, md: isAdmin ? 4 : 3 }}>
      <Figure label={t('overview.now')} value={now.data} to="/live" />
      <Figure label={t('overview.today')} value={today.data} to={`/calls?from=${day}`} />
      <Figure label={t('overview.failed')} value={failed.data} to={`/calls?from=${day}&status=failed`} isBad={(failed.data ?? 0) > 0} />
      {isAdmin && <Figure label={t('overview.free')} value={fleet.data?.available} to="/fleet" />}
    </SimpleGrid>
  );
}

/** Whatever an operator should know now; one quiet line when there is nothing. */
function Health() {
  const t = useT();
  const isAdmin = ranks(useMe().role, 'admin');
  const ready = useReadiness();
  const webhooks = useQuery({
    queryKey: ['webhooks', 'all'],
    queryFn: () => need(api.GET('/api/v1/webhooks', { params: { query: { limit: '500' } } })),
    enabled: isAdmin,
  });
  const paused = (webhooks.data?.data ?? []).filter((webhook) => webhook.paused_because !== '');
  return (
    <Loaded query={ready} lines={1}>
      {(report) => (
        <Stack gap="sm">
          {report.reasons.length > 0 ? (
            <Alert color="red" title={t('overview.unwell')}>
              {report.reasons.map((reason) => (
                <Text key={reason} size="sm">
                  {reason}
                </Text>
              ))}
            </Alert>
          ) : (
            paused.length === 0 && (
              <Alert color="teal" data-testid="all-is-well">
                {t('overview.well')}
              </Alert>
            )
          )}
          {paused.length > 0 && (
            <Alert color="orange" title={t('overview.paused', { n: paused.length })}>
              <Group gap="xs">
                <Text size="sm">{t('overview.paused.more')}</Text>
                {paused.map((webhook) => (
                  <Anchor key={webhook.id} component={Link} to={`/webhooks/${webhook.id}`} size="sm" underline="always">
                    {webhook.url}
                  </Anchor>
                ))}
              </Group>
            </Alert>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

function Latest() {
  const t = useT();
  const calls = useQuery({
    queryKey: ['calls', 'latest'],
    queryFn: () => need(api.GET('/api/v1/calls', { params: { query: { limit: LATEST } } })),
  });
  return (
    <Paper withBorder radius="md" p="md" component="section" aria-label={t('overview.latest')}>
      <Title order={2} size="h5" mb="sm">
        {t('overview.latest')}
      </Title>
      <Loaded query={calls}>{(list) => (list.data.length === 0 ? <Begin /> : list.data.map((call) => <Line key={call.session_id} call={call} />))}</Loaded>
    </Paper>
  );
}

function Line({ call }: { call: Schemas['CallSummary'] }) {
  const format = useFormat();
  return (
    <Group justify="space-between" py={8} wrap="nowrap">
      <Anchor component={Link} to={`/calls/${call.session_id}`} className="words" flex={1}>
        {otherSide(call)}
      </Anchor>
      <Text size="sm" c="dimmed" visibleFrom="sm">
        {format.ago(call.started_at ?? call.created_at)}
      </Text>
      <Text size="sm" w={56} ta="right" visibleFrom="xs">
        {format.duration(call.call_duration_seconds)}
      </Text>
      <CallState status={call.status} />
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
