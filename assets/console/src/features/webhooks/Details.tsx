import { Anchor, Button, Code, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DeliveryBadge } from '~/shared/ui/DeliveryBadge';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Loaded } from '~/shared/ui/Loaded';
import { told } from '~/shared/ui/told';

type Delivery = Schemas['DeliveryView'];

/** One delivery: what was sent, each attempt and what the receiver answered. */
export function Details({ delivery }: { delivery: Delivery }) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const params = { path: { id: delivery.webhook_id, delivery_id: delivery.id } };
  const detail = useQuery({
    queryKey: ['webhooks', 'delivery', delivery.id, delivery.attempts, delivery.status],
    queryFn: () => need(api.GET('/api/v1/webhooks/{id}/deliveries/{delivery_id}', { params })),
  });
  const resend = useMutation({
    mutationFn: () => need(api.POST('/api/v1/webhooks/{id}/deliveries/{delivery_id}/resend', { params })),
    onSuccess: (sent) => {
      told(t('delivery.resent', { status: t(`delivery.${sent.status}`) }));
      return client.invalidateQueries({ queryKey: ['webhooks'] });
    },
  });
  return (
    <Stack>
      <DeliveryBadge delivery={delivery} />
      <Code>{delivery.id}</Code>
      {delivery.error && <Part title={t('delivery.error')}>{delivery.error}</Part>}
      {delivery.next_attempt_at && delivery.status === 'waiting' && <Part title={t('delivery.next')}>{format.when(delivery.next_attempt_at)}</Part>}
      <Loaded query={detail}>
        {(detail) => (
          <>
            <Part title={t('delivery.attempts')}>
              <Attempts detail={detail} />
            </Part>
            <Part title={t('delivery.body')}>
              <Code block className="words" mah={340} tabIndex={0}>
                {pretty(detail.request_body)}
              </Code>
            </Part>
          </>
        )}
      </Loaded>
      <Part title={t('delivery.answer')}>
        <Code block className="words">
          {delivery.response_excerpt || t('delivery.answer.none')}
        </Code>
      </Part>
      {delivery.session_id && (
        <Anchor component={Link} to={`/calls/${delivery.session_id}`} size="sm">
          {t('delivery.call')}
        </Anchor>
      )}
      {resend.isError && <ErrorBox error={resend.error} />}
      <Button variant="default" loading={resend.isPending} onClick={() => resend.mutate()}>
        {t('delivery.resend')}
      </Button>
    </Stack>
  );
}

function Attempts({ detail }: { detail: Schemas['DeliveryDetail'] }) {
  const t = useT();
  const format = useFormat();
  if (detail.attempt_log.length === 0) return '–';
  return (
    <Table fz="xs" verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('delivery.at')}</Table.Th>
          <Table.Th>{t('delivery.status')}</Table.Th>
          <Table.Th ta="right">{t('delivery.took')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {detail.attempt_log.map((attempt, n) => (
          <Table.Tr key={n}>
            <Table.Td>{format.when(attempt.at)}</Table.Td>
            <Table.Td>{attempt.http_status ?? attempt.error ?? '–'}</Table.Td>
            <Table.Td ta="right">{attempt.duration_ms} ms</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Text fw={600} size="sm">
        {title}
      </Text>
      <Text component="div" size="sm" className="words">
        {children}
      </Text>
    </div>
  );
}

/** JSON with line breaks; anything else as it is. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
