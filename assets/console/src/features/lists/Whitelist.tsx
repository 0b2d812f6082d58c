import { Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { SearchBox } from '~/shared/ui/SearchBox';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { AddNumber } from './AddNumber';

type Entry = Schemas['WhitelistEntry'];

export function Whitelist() {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['q'] as const);
  const query = filters.q ? { q: filters.q } : {};
  const list = useListing<Entry>(['whitelist', query], offset, (page) => need(api.GET('/api/v1/whitelist', { params: { query: { ...query, ...page } } })));
  return (
    <Stack>
      <Text c="dimmed">{t('lists.white.about')}</Text>
      <AddNumber queryKey="whitelist" add={({ phone }) => need(api.POST('/api/v1/whitelist', { body: { phone } }))} />
      <SearchBox value={filters.q} onChange={(value) => set('q', value)} />
      <DataTable
        label={t('lists.tab.whitelist')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => row.phone}
        empty={isFiltered ? <EmptyState title={t('lists.none')} /> : <EmptyState title={t('lists.white.empty')} more={t('lists.white.empty.more')} />}
      />
    </Stack>
  );
}

function useColumns(): Column<Entry>[] {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const remove = async (phone: string) => {
    await need(api.DELETE('/api/v1/whitelist/{phone}', { params: { path: { phone } } }));
    await client.invalidateQueries({ queryKey: ['whitelist'] });
  };
  return [
    { key: 'phone', header: t('lists.phone'), cell: (row) => row.phone },
    { key: 'added', header: t('lists.added'), cell: (row) => format.when(row.added_at) },
    { key: 'by', header: t('common.by'), cell: (row) => row.added_by, isMinor: true },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => <Deletable isSmall name={row.phone} more={t('lists.white.remove')} onDelete={() => remove(row.phone)} />,
    },
  ];
}
