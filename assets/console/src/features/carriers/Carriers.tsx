import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { NewButton } from '~/shared/ui/NewButton';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { TrunkState } from './Trunk';

type View = Schemas['CarrierView'];

export default function Carriers() {
  const t = useT();
  const mayMake = ranks(useMe().role, 'super_admin');
  const { offset } = useFilters([]);
  const list = useListing<View>(['carriers'], offset, (page) => need(api.GET('/api/v1/carriers', { params: { query: page } })));
  const make = mayMake ? <NewButton to="/carriers/new">{t('carriers.new')}</NewButton> : undefined;
  const columns: Column<View>[] = [
    { key: 'name', header: t('carriers.name'), cell: (row) => row.name ?? row.id },
    { key: 'address', header: t('carriers.address'), cell: (row) => <span className="mono">{row.sip_address}</span> },
    { key: 'transport', header: t('carriers.transport'), cell: (row) => row.transport?.toUpperCase() ?? '–', isMinor: true },
    { key: 'country', header: t('carriers.country'), cell: (row) => row.destination_country || '–', isMinor: true },
    {
      key: 'state',
      header: t('carriers.state'),
      cell: (row) => <TrunkState carrier={row} />,
    },
  ];
  return (
    <Page title={t('carriers.title')} about={t('carriers.about')} actions={make}>
      <DataTable
        label={t('carriers.title')}
        query={list}
        columns={columns}
        rowKey={(row) => row.id}
        link={(row) => `/carriers/${row.id}`}
        empty={<EmptyState title={t('carriers.empty')} more={t('carriers.empty.more')} action={make} />}
      />
    </Page>
  );
}
