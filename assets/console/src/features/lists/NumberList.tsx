import { Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column, type ListOf } from '~/shared/ui/DataTable';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { SearchBox } from '~/shared/ui/SearchBox';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';
import { AddNumber } from './AddNumber';
import { Import } from './Import';

interface Entry {
  phone: string;
  added_at: string;
  added_by: string;
  /** Only the do-not-call list has one. */
  note?: string;
}

interface Kind {
  /** Where its messages begin, and its key in the cache. */
  words: string;
  key: string;
  hasNote: boolean;
  read: (query: Record<string, string>) => Promise<ListOf<Entry>>;
  add: (entry: { phone: string; note: string }) => Promise<unknown>;
  remove: (phone: string) => Promise<unknown>;
}

const DO_NOT_CALL: Kind = {
  words: 'lists.dnc',
  key: 'do-not-call',
  hasNote: true,
  read: (query) => need(api.GET('/api/v1/do-not-call', { params: { query } })),
  add: (body) => need(api.POST('/api/v1/do-not-call', { body })),
  remove: (phone) => need(api.DELETE('/api/v1/do-not-call/{phone}', { params: { path: { phone } } })),
};

const WHITELIST: Kind = {
  words: 'lists.white',
  key: 'whitelist',
  hasNote: false,
  read: (query) => need(api.GET('/api/v1/whitelist', { params: { query } })),
  add: ({ phone }) => need(api.POST('/api/v1/whitelist', { body: { phone } })),
  remove: (phone) => need(api.DELETE('/api/v1/whitelist/{phone}', { params: { path: { phone } } })),
};

export const DoNotCall = () => <NumberList key={DO_NOT_CALL.key} kind={DO_NOT_CALL} />;
export const Whitelist = () => <NumberList key={WHITELIST.key} kind={WHITELIST} />;

/** A list of numbers: one is added, looked for, taken off; a list with notes also takes whole files. */
function NumberList({ kind }: { kind: Kind }) {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['q'] as const);
  const query: Record<string, string> = filters.q ? { q: filters.q } : {};
  const list = useListing<Entry>([kind.key, query], offset, (page) => kind.read({ ...query, ...page }));
  const empty = isFiltered ? <EmptyState title={t('lists.none')} /> : <EmptyState title={t(`${kind.words}.empty`)} more={t(`${kind.words}.empty.more`)} />;
  return (
    <Stack>
      <Text c="dimmed">{t(`${kind.words}.about`)}</Text>
      <AddNumber queryKey={kind.key} hasNote={kind.hasNote} add={kind.add} />
      {kind.hasNote && <Import />}
      <SearchBox value={filters.q} onChange={(value) => set('q', value)} />
      <DataTable label={t(`lists.tab.${kind.key}`)} query={list} columns={useColumns(kind)} rowKey={(row) => row.phone} empty={empty} />
    </Stack>
  );
}

function useColumns(kind: Kind): Column<Entry>[] {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const remove = async (phone: string) => {
    await kind.remove(phone);
    await client.invalidateQueries({ queryKey: [kind.key] });
  };
  const note: Column<Entry> = { key: 'note', header: t('lists.note'), cell: (row) => (row.note ? <Words size="sm">{row.note}</Words> : '–') };
  return [
    { key: 'phone', header: t('lists.phone'), cell: (row) => row.phone },
    ...(kind.hasNote ? [note] : []),
    { key: 'added', header: t('lists.added'), cell: (row) => format.when(row.added_at), isMinor: kind.hasNote },
    { key: 'by', header: t('common.by'), cell: (row) => row.added_by, isMinor: true },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => <Deletable isSmall name={row.phone} more={t(`${kind.words}.remove`)} onDelete={() => remove(row.phone)} />,
    },
  ];
}
