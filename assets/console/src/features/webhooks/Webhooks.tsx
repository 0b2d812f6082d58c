import { Badge } from '@mantine/core';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { NewButton } from '~/shared/ui/NewButton';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';

type View = Schemas['WebhookView'];

export default function Webhooks() {
  const t = useT();
  const format = useFormat();
  const { offset } = useFilters([]);
  const list = useListing<View>(['webhooks'], offset, (page) => need(api.GET('/api/v1/webhooks', { params: { query: page } })));
  const make = <NewButton to="/webhooks/new">{t('webhooks.new')}</NewButton>;
  const columns: Column<View>[] = [
    { key: 'url', header: t('webhooks.url'), cell: (row) => row.url },
    { key: 'events', header: t('webhooks.events'), cell: (row) => row.events.join(', '), isMinor: true },
    {
      key: 'state',
      header: t('webhooks.state'),
      cell: (row) => (
        <Badge variant="light" tt="none" color={row.active ? 'teal' : 'orange'}>
          {row.active ? t('webhooks.active') : t('webhooks.paused')}
        </Badge>
      ),
    },
    { key: 'failures', header: t('webhooks.failures'), align: 'right', cell: (row) => row.failures, isMinor: true },
    { key: 'last', header: t('webhooks.last'), cell: (row) => (row.last_fired_at ? format.ago(row.last_fired_at) : t('webhooks.never')), isMinor: true },
  ];
  return (
    <Page title={t('webhooks.title')} about={t('webhooks.about')} actions={make}>
      <DataTable
        label={t('webhooks.title')}
        query={list}
        columns={columns}
        rowKey={(row) => row.id}
        link={(row) => `/webhooks/${row.id}`}
        empty={<EmptyState title={t('webhooks.empty')} more={t('webhooks.empty.more')} action={make} />}
      />
    </Page>
  );
}
