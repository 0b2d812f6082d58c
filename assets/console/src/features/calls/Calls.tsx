import { Badge, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { At } from '~/shared/ui/At';
import { CallState, otherSide } from '~/shared/ui/callWords';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Export } from './Export';
import { Filters } from './Filters';
import { FILTERS, isSlowToCount, queryOf } from './query';
import { SavedViews } from './SavedViews';

type Summary = Schemas['CallSummary'];

export default function Calls() {
  const t = useT();
  const mayExport = ranks(useMe().role, 'admin');
  const { filters, set, clear, offset, isFiltered } = useFilters(FILTERS);
  const query = queryOf(filters);
  const isCountedApart = isSlowToCount(query);
  const list = useListing<Summary>(['calls', query], offset, (page) =>
    need(api.GET('/api/v1/calls', { params: { query: { ...query, ...page, ...(isCountedApart ? { count: 'false' } : {}) } } })),
  );
  const hasMore = isCountedApart && list.data !== undefined && list.data.total > list.data.offset + list.data.data.length;
  const total = useQuery({
    queryKey: ['calls', 'total', query],
    queryFn: async () => (await need(api.GET('/api/v1/calls', { params: { query: { ...query, limit: '1' } } }))).total,
    enabled: hasMore && !list.isPlaceholderData,
  });
  return (
    <Page
      title={t('calls.title')}
      about={t('calls.about')}
      actions={
        <>
          <SavedViews isFiltered={isFiltered} />
          {mayExport && <Export query={query} total={list.data?.total ?? 0} />}
        </>
      }
    >
      <Filters filters={filters} set={set} clear={clear} isFiltered={isFiltered} />
      <DataTable
        label={t('calls.title')}
        query={list}
        total={hasMore ? (total.data ?? null) : undefined}
        columns={useColumns()}
        rowKey={(call) => call.session_id}
        link={(call) => `/calls/${call.session_id}`}
        empty={isFiltered ? <EmptyState title={t('calls.none')} /> : <EmptyState title={t('calls.empty')} more={t('calls.empty.more')} />}
      />
    </Page>
  );
}

function useColumns(): Column<Summary>[] {
  const t = useT();
  const format = useFormat();
  return useMemo(() => [
    { key: 'who', header: t('calls.who'), cell: (call) => otherSide(call, t) },
    { key: 'direction', header: t('calls.direction'), cell: (call) => t(`calls.direction.${call.direction}`), isMinor: true },
    {
      key: 'status',
      header: t('calls.status'),
      cell: (call) => <State call={call} />,
    },
    { key: 'number', header: t('calls.number'), cell: (call) => call.number_name ?? call.number ?? call.did ?? '–', isMinor: true },
    { key: 'at', header: t('calls.at'), cell: (call) => <At at={call.started_at ?? call.created_at} /> },
    { key: 'length', header: t('calls.length'), align: 'right', cell: (call) => format.duration(call.call_duration_seconds), isMinor: true },
  ], [t, format]);
}

/** How a call stands, and the tags on it. */
function State({ call }: { call: Summary }) {
  const tags = call.tags ?? [];
  if (tags.length === 0) return <CallState status={call.status} />;
  return (
    <Group gap={4}>
      <CallState status={call.status} />
      {tags.map((tag) => (
        <Badge key={tag} variant="outline" color="gray" tt="none" miw={0} className="words">
          {tag}
        </Badge>
      ))}
    </Group>
  );
}
