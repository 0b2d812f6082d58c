import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { DeliveryBadge } from '~/shared/ui/DeliveryBadge';
import { Loaded } from '~/shared/ui/Loaded';

type Delivery = Schemas['DeliveryView'];
const LATEST = 200;

/** What webhooks were told of one call, from the newest deliveries of each webhook. */
export function CallDeliveries({ sessionId }: { sessionId: string }) {
  const t = useT();
  const query = useQuery({ queryKey: ['webhooks', 'of-call', sessionId], queryFn: () => deliveriesOf(sessionId) });
  return (
    <Loaded query={query} lines={2}>
      {({ deliveries, isCut }) => (
        <Stack gap="xs">
          {deliveries.length === 0 && !isCut && <Text c="dimmed">{t('call.webhooks.none')}</Text>}
          {deliveries.map((delivery) => (
            <Group key={delivery.id} justify="space-between" wrap="nowrap">
              <Anchor component={Link} to={`/webhooks/${delivery.webhook_id}`} size="sm" className="words">
                {delivery.event}
              </Anchor>
              <DeliveryBadge delivery={delivery} />
            </Group>
          ))}
          {isCut && (
            <Text size="sm" c="dimmed">
              {t('call.webhooks.cut', { n: LATEST })}
            </Text>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

async function deliveriesOf(sessionId: string): Promise<{ deliveries: Delivery[]; isCut: boolean }> {
  const webhooks = await need(api.GET('/api/v1/webhooks', { params: { query: { limit: '50' } } }));
  const lists = await Promise.all(
    webhooks.data.map(({ id }) => need(api.GET('/api/v1/webhooks/{id}/deliveries', { params: { path: { id }, query: { limit: String(LATEST) } } }))),
  );
  const deliveries = lists.flatMap((list) => list.data).filter((delivery) => delivery.session_id === sessionId);
  return { deliveries, isCut: lists.some((list) => list.total > LATEST) };
}
