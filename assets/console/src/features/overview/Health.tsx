import { Alert, Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need } from '~/shared/api/client';
import { useReadiness } from '~/shared/api/ready';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';

const MOST = '500';
/** How often the box is asked about its carriers; nothing tells of them by itself. */
const EVERY_MS = 30_000;

interface Trouble {
  key: string;
  title: string;
  more: string;
  /** Where each of them is mended. */
  places: { to: string; name: string }[];
}

/** Whatever an operator should know now; one quiet line when there is nothing. */
export function Health() {
  const t = useT();
  const ready = useReadiness();
  const troubles = useTroubles();
  return (
    <Loaded query={ready} lines={1}>
      {(report) => (
        <Stack gap="sm">
          {report.reasons.length > 0 && (
            <Alert color="red" title={t('overview.unwell')}>
              {report.reasons.map((reason) => (
                <Text key={reason} size="sm">
                  {reason}
                </Text>
              ))}
            </Alert>
          )}
          {troubles.map(({ key, title, more, places }) => (
            <Alert key={key} color="orange" title={title}>
              <Group gap="xs">
                <Text size="sm">{more}</Text>
                {places.map(({ to, name }) => (
                  <Anchor key={to} component={Link} to={to} size="sm" underline="always" className="words">
                    {name}
                  </Anchor>
                ))}
              </Group>
            </Alert>
          ))}
          {report.reasons.length + troubles.length === 0 && (
            <Alert color="teal" data-testid="all-is-well">
              {t('overview.well')}
            </Alert>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

/** What does not keep the box from taking calls, and still wants an eye: webhooks that are paused, carriers that do not work. */
function useTroubles(): Trouble[] {
  const t = useT();
  const isAdmin = ranks(useMe().role, 'admin');
  const query = { params: { query: { limit: MOST } } };
  const webhooks = useQuery({ queryKey: ['webhooks', 'all'], queryFn: () => need(api.GET('/api/v1/webhooks', query)), enabled: isAdmin });
  const carriers = useQuery({
    queryKey: ['carriers', 'all'],
    queryFn: () => need(api.GET('/api/v1/carriers', query)),
    enabled: isAdmin,
    refetchInterval: EVERY_MS,
  });
  const paused = (webhooks.data?.data ?? []).filter((webhook) => webhook.paused_because !== '');
  const down = (carriers.data?.data ?? []).filter((carrier) => carrier.is_active !== false && carrier.lk_sync_status === 'error');
  const all: Trouble[] = [
    {
      key: 'carriers',
      title: t('overview.carriers', { n: down.length }),
      more: t('overview.carriers.more'),
      places: down.map((carrier) => ({ to: `/carriers/${carrier.id}`, name: carrier.name || carrier.id })),
    },
    {
      key: 'webhooks',
      title: t('overview.paused', { n: paused.length }),
      more: t('overview.paused.more'),
      places: paused.map((webhook) => ({ to: `/webhooks/${webhook.id}`, name: webhook.url })),
    },
  ];
  return all.filter(({ places }) => places.length > 0);
}
