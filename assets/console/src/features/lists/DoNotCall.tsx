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
import { Words } from '~/shared/ui/Words';
import { AddNumber } from './AddNumber';
import { Import } from './Import';

type Entry = Schemas['DoNotCallEntry'];

export function DoNotCall() {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['q'] as const);
  const query = filters.q ? { q: filters.q } : {};
  const list = useListing<Entry>(['do-not-call', query], offset, (page) =>
    need(api.GET('/api/v1/do-not-call', { params: { query: { ...query, ...page } } })),
  );
  return (
    <Stack>
      <Text c="dimmed">{t('lists.dnc.about')}</Text>
      <AddNumber queryKey="do-not-call" hasNote add={(body) => need(api.POST('/api/v1/do-not-call', { body }))} />
      <Import />
      <SearchBox value={filters.q} onChange={(value) => set('q', value)} />
      <DataTable
        label={t('lists.tab.do-not-call')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => row.phone}
        empty={isFiltered ? <EmptyState title={t('lists.none')} /> : <EmptyState title={t('lists.dnc.empty')} more={t('lists.dnc.empty.more')} />}
      />
    </Stack>
  );
}

function useColumns(): Column<Entry>[] {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const remove = async (phone: string) => {
    await need(api.DELETE('/api/v1/do-not-call/{phone}', { params: { path: { phone } } }));
    await client.invalidateQueries({ queryKey: ['do-not-call'] });
  };
  return [
    { key: 'phone', header: t('lists.phone'), cell: (row) => row.phone },
    { key: 'note', header: t('lists.note'), cell: (row) => (row.note ? <Words size="sm">{row.note}</Words> : '–') },
    { key: 'added', header: t('lists.added'), cell: (row) => format.when(row.added_at), isMinor: true },
    { key: 'by', header: t('common.by'), cell: (row) => row.added_by, isMinor: true },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => <Deletable isSmall name={row.phone} more={t('lists.dnc.remove')} onDelete={() => remove(row.phone)} />,
    },
  ];
}
