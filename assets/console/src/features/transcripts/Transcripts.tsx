import { Group, NativeSelect, Tabs, TextInput } from '@mantine/core';
import { useLocation, useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { At } from '~/shared/ui/At';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Page } from '~/shared/ui/Page';
import { SearchBox } from '~/shared/ui/SearchBox';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';
import { Shares } from './Shares';
import { whoOf } from './model';

type Item = Schemas['TranscriptItem'];
const SOURCES = ['vnum', 'outbound-ai'];

/** All transcripts, and beside them all links that were given away. */
export default function Transcripts() {
  const t = useT();
  const go = useNavigate();
  const isShares = useLocation().pathname.endsWith('/shares');
  return (
    <Page title={t('transcripts.title')} about={t('transcripts.about')}>
      <Tabs value={isShares ? 'shares' : 'list'} onChange={(name) => void go(name === 'shares' ? '/transcripts/shares' : '/transcripts')}>
        <Tabs.List mb="lg">
          <Tabs.Tab value="list">{t('transcripts.tab.list')}</Tabs.Tab>
          <Tabs.Tab value="shares">{t('transcripts.tab.shares')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value={isShares ? 'shares' : 'list'}>{isShares ? <Shares /> : <List />}</Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function List() {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['q', 'source', 'since'] as const);
  const wanted = { q: filters.q, source: filters.source, since: filters.since ? new Date(`${filters.since}T00:00:00`).toISOString() : '' };
  const query = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
  const list = useListing<Item>(['transcripts', query], offset, (page) =>
    need(api.GET('/api.ashx/v1/transcripts', { params: { query: { ...query, ...page } } })),
  );
  return (
    <>
      <Group align="flex-end" gap="sm" mb="md">
        <SearchBox isField label={t('transcripts.q')} value={filters.q} onChange={(value) => set('q', value)} />
        <NativeSelect
          label={t('transcripts.source')}
          value={filters.source}
          onChange={(event) => set('source', event.currentTarget.value)}
          data={[{ value: '', label: t('common.all') }, ...SOURCES.map((value) => ({ value, label: t(`transcripts.source.${value}`) }))]}
        />
        <TextInput type="date" label={t('transcripts.since')} value={filters.since} onChange={(event) => set('since', event.currentTarget.value)} />
      </Group>
      <DataTable
        label={t('transcripts.title')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => row.file}
        link={(row) => `/transcripts/${encodeURIComponent(row.file)}`}
        empty={isFiltered ? <EmptyState title={t('transcripts.none')} /> : <EmptyState title={t('transcripts.empty')} more={t('transcripts.empty.more')} />}
      />
    </>
  );
}

function useColumns(): Column<Item>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'who', header: t('transcripts.who'), cell: (row) => whoOf(row) },
    { key: 'rule', header: t('transcripts.rule'), cell: (row) => <Words size="sm">{row.rule}</Words>, isMinor: true },
    { key: 'turns', header: t('transcripts.turns'), align: 'right', cell: (row) => row.turnCount, isMinor: true },
    { key: 'begun', header: t('transcripts.begun'), cell: (row) => <At at={row.startedUtc} /> },
    { key: 'length', header: t('transcripts.length'), align: 'right', cell: (row) => format.duration(row.durationSec) },
  ];
}
