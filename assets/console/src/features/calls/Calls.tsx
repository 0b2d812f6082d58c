import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { CallState, otherSide } from '~/shared/ui/callWords';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';

type Summary = Schemas['CallSummary'];

const FILTERS = ['status', 'phone', 'from', 'to', 'bot_id'] as const;
const STATES = ['active', 'completed', 'failed', 'voicemail'];
const PAUSE_MS = 300;

export default function Calls() {
  const t = useT();
  const { filters, set, clear, offset, isFiltered } = useFilters(FILTERS);
  const wanted = { ...filters, from: day(filters.from, 0), to: day(filters.to, 1) };
  const query = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
  const list = useListing<Summary>(['calls', query], offset, (page) => need(api.GET('/api/v1/calls', { params: { query: { ...query, ...page } } })));
  return (
    <Page title={t('calls.title')} about={t('calls.about')}>
      <Filters filters={filters} set={set} clear={clear} isFiltered={isFiltered} />
      <DataTable
        label={t('calls.title')}
        query={list}
        columns={useColumns()}
        rowKey={(call) => call.session_id}
        link={(call) => `/calls/${call.session_id}`}
        empty={isFiltered ? <EmptyState title={t('calls.none')} /> : <EmptyState title={t('calls.empty')} more={t('calls.empty.more')} />}
      />
    </Page>
  );
}

/** The first moment of a day in the viewer's own zone, as the API wants it; `plus` days later. */
function day(date: string, plus: number): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return '';
  const at = new Date(`${date}T00:00:00`);
  at.setDate(at.getDate() + plus);
  return at.toISOString();
}

function useColumns(): Column<Summary>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'who', header: t('calls.who'), cell: otherSide },
    { key: 'direction', header: t('calls.direction'), cell: (call) => t(`calls.direction.${call.direction}`), isMinor: true },
    { key: 'status', header: t('calls.status'), cell: (call) => <CallState status={call.status} /> },
    { key: 'number', header: t('calls.number'), cell: (call) => call.number_name ?? call.number ?? call.did ?? '–', isMinor: true },
    { key: 'at', header: t('calls.at'), cell: (call) => format.when(call.started_at ?? call.created_at) },
    { key: 'length', header: t('calls.length'), align: 'right', cell: (call) => format.duration(call.call_duration_seconds) },
  ];
}

interface FilterProps {
  filters: Record<(typeof FILTERS)[number], string>;
  set: (name: (typeof FILTERS)[number], value: string | null) => void;
  clear: () => void;
  isFiltered: boolean;
}

function Filters({ filters, set, clear, isFiltered }: FilterProps) {
  const t = useT();
  const mayReadBots = ranks(useMe().role, 'admin');
  const bots = useQuery({
    queryKey: ['bots', 'names'],
    queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })),
    enabled: mayReadBots,
  });
  const phone = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (filters.phone === '' && phone.current && phone.current !== document.activeElement) phone.current.value = '';
  }, [filters.phone]);
  const setPhone = useDebouncedCallback((value: string) => set('phone', value.trim()), PAUSE_MS);
  return (
    <Group align="flex-end" gap="sm">
      <NativeSelect
        label={t('calls.status')}
        value={filters.status}
        onChange={(event) => set('status', event.currentTarget.value)}
        data={[{ value: '', label: t('common.all') }, ...STATES.map((value) => ({ value, label: t(`calls.status.${value}`) }))]}
      />
      <TextInput
        ref={phone}
        label={t('calls.phone')}
        placeholder="+356…"
        defaultValue={filters.phone}
        onChange={(event) => setPhone(event.currentTarget.value)}
      />
      {mayReadBots && (
        <NativeSelect
          label={t('calls.bot')}
          value={filters.bot_id}
          onChange={(event) => set('bot_id', event.currentTarget.value)}
          data={[{ value: '', label: t('common.all') }, ...(bots.data?.data ?? []).map((bot) => ({ value: bot.id, label: bot.name || bot.id }))]}
        />
      )}
      <TextInput type="date" label={t('calls.from')} value={filters.from} onChange={(event) => set('from', event.currentTarget.value)} />
      <TextInput type="date" label={t('calls.to')} value={filters.to} onChange={(event) => set('to', event.currentTarget.value)} />
      {isFiltered && (
        <Button variant="subtle" onClick={clear}>
          {t('calls.clear')}
        </Button>
      )}
    </Group>
  );
}
