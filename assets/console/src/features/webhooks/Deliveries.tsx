import { Anchor, Drawer, Group, NativeSelect, Title } from '@mantine/core';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { At } from '~/shared/ui/At';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { DeliveryBadge } from '~/shared/ui/DeliveryBadge';
import { EmptyState } from '~/shared/ui/EmptyState';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Details } from './Details';

type Delivery = Schemas['DeliveryView'];
const STATES: Delivery['status'][] = ['waiting', 'delivered', 'parked'];

/** What was sent to a webhook, the newest first; each can be looked at and sent again. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['status'] as const);
  const query = filters.status ? { status: filters.status as Delivery['status'] } : {};
  const [shown, setShown] = useState<Delivery | null>(null);
  const list = useListing<Delivery>(['webhooks', 'deliveries', webhookId, query], offset, (page) =>
    need(api.GET('/api/v1/webhooks/{id}/deliveries', { params: { path: { id: webhookId }, query: { ...query, ...page } } })),
  );
  const columns: Column<Delivery>[] = [
    {
      key: 'event',
      header: t('delivery.event'),
      cell: (row) => (
        <Anchor component="button" type="button" size="sm" onClick={() => setShown(row)} title={t('delivery.open', { id: row.id })}>
          {row.event}
        </Anchor>
      ),
    },
    { key: 'status', header: t('delivery.status'), cell: (row) => <DeliveryBadge delivery={row} /> },
    { key: 'attempts', header: t('delivery.attempts'), align: 'right', cell: (row) => row.attempts, isMinor: true },
    { key: 'took', header: t('delivery.took'), align: 'right', cell: (row) => (row.duration_ms ? `${row.duration_ms} ms` : '–'), isMinor: true },
    { key: 'at', header: t('delivery.at'), cell: (row) => <At at={row.created_at} /> },
  ];
  return (
    <section aria-label={t('webhooks.log')}>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h5">
          {t('webhooks.log')}
        </Title>
        <NativeSelect
          size="xs"
          aria-label={t('delivery.status')}
          value={filters.status}
          onChange={(event) => set('status', event.currentTarget.value)}
          data={[{ value: '', label: t('common.all') }, ...STATES.map((value) => ({ value, label: t(`delivery.${value}`) }))]}
        />
      </Group>
      <DataTable
        label={t('webhooks.log')}
        query={list}
        columns={columns}
        rowKey={(row) => row.id}
        empty={isFiltered ? <EmptyState title={t('webhooks.log.none')} /> : <EmptyState title={t('webhooks.log.empty')} more={t('webhooks.log.empty.more')} />}
      />
      <Drawer
        opened={shown !== null}
        onClose={() => setShown(null)}
        position="right"
        size="lg"
        title={shown?.event}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {shown && <Details delivery={list.data?.data.find((row) => row.id === shown.id) ?? shown} />}
      </Drawer>
    </section>
  );
}
