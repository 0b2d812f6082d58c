import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DeliveryBadge } from '~/shared/ui/DeliveryBadge';
import { Loaded } from '~/shared/ui/Loaded';

/** More than a call has events, with room for many webhooks. */
const MOST = '100';

/** What webhooks were told of one call, the newest first. */
export function CallDeliveries({ sessionId }: { sessionId: string }) {
  const t = useT();
  const format = useFormat();
  const query = useQuery({
    queryKey: ['webhooks', 'of-call', sessionId],
    queryFn: () => need(api.GET('/api/v1/deliveries', { params: { query: { session_id: sessionId, limit: MOST } } })),
  });
  return (
    <Loaded query={query} lines={2}>
      {({ data, total }) => (
        <Stack gap="xs">
          {total === 0 && <Text c="dimmed">{t('call.webhooks.none')}</Text>}
          {data.map((delivery) => (
            <Group key={delivery.id} justify="space-between" wrap="nowrap">
              <div>
                <Anchor component={Link} to={`/webhooks/${delivery.webhook_id}`} size="sm" className="words">
                  {delivery.event}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {format.when(delivery.last_attempt_at ?? delivery.created_at)}
                </Text>
              </div>
              <DeliveryBadge delivery={delivery} />
            </Group>
          ))}
          {total > data.length && (
            <Text size="sm" c="dimmed">
              {t('call.webhooks.more', { n: total - data.length })}
            </Text>
          )}
        </Stack>
      )}
    </Loaded>
  );
}
