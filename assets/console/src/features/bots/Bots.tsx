import { Badge, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconSearch } from '~/shared/ui/icons';
import { NewButton } from '~/shared/ui/NewButton';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';

type View = Schemas['BotView'];
const COLOURS = { active: 'teal', draft: 'blue', inactive: 'gray' } as const;
const PAUSE_MS = 300;

export default function Bots() {
  const t = useT();
  const format = useFormat();
  const { filters, set, offset } = useFilters(['q'] as const);
  const query = filters.q ? { q: filters.q } : {};
  const list = useListing<View>(['bots', query], offset, (page) => need(api.GET('/api/v1/bots', { params: { query: { ...query, ...page } } })));
  const setLater = useDebouncedCallback((value: string) => set('q', value.trim()), PAUSE_MS);
  const make = <NewButton to="/bots/new">{t('bots.new')}</NewButton>;
  const columns: Column<View>[] = [
    { key: 'name', header: t('bots.name'), cell: (row) => row.name || row.id },
    {
      key: 'status',
      header: t('bots.status'),
      cell: (row) => (
        <Badge variant="light" tt="none" color={COLOURS[row.status ?? 'draft']}>
          {t(`bots.status.${row.status ?? 'draft'}`)}
        </Badge>
      ),
    },
    { key: 'brain', header: t('bots.brain'), cell: (row) => [row.llm?.provider, row.llm?.model].filter(Boolean).join(' · '), isMinor: true },
    { key: 'language', header: t('bots.language'), cell: (row) => row.language || '–', isMinor: true },
    { key: 'version', header: t('bots.version'), align: 'right', cell: (row) => row.version, isMinor: true },
    { key: 'updated', header: t('bots.updated'), cell: (row) => format.ago(row.updated_at) },
  ];
  return (
    <Page title={t('bots.title')} about={t('bots.about')} actions={make}>
      <TextInput
        aria-label={t('common.search')}
        placeholder={t('common.search')}
        leftSection={<IconSearch size={16} />}
        defaultValue={filters.q}
        onChange={(event) => setLater(event.currentTarget.value)}
        maw={360}
      />
      <DataTable
        label={t('bots.title')}
        query={list}
        columns={columns}
        rowKey={(row) => row.id}
        link={(row) => `/bots/${row.id}`}
        empty={<EmptyState title={t('bots.empty')} more={t('bots.empty.more')} action={make} />}
      />
    </Page>
  );
}
