import { Badge, Button, Group, NativeSelect } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { At } from '~/shared/ui/At';
import { useCode } from '~/shared/ui/callWords';
import { Confirm } from '~/shared/ui/Confirm';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { NewButton } from '~/shared/ui/NewButton';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';

type Item = Schemas['CallItem'];

/** The states of the older platform; those that are not over can still be ended. */
const OPEN = new Set(['scheduled', 'dispatching', 'in-flight', 'ended-failed-retry-pending']);
/** Those of which something is heard any moment; the list is read anew meanwhile. */
const BUSY = new Set(['dispatching', 'in-flight']);
const WHILE_BUSY_MS = 2000;
const STATES = ['scheduled', 'dispatching', 'in-flight', 'ended-success', 'ended-failed-retry-pending', 'ended-failed-final', 'cancelled'];
const COLOURS: Record<string, string> = {
  'ended-success': 'teal',
  'ended-failed-final': 'red',
  'ended-failed-retry-pending': 'orange',
  cancelled: 'gray',
  scheduled: 'grape',
};

export default function Outbound() {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['status'] as const);
  const query = filters.status ? { status: filters.status } : {};
  const list = useListing<Item>(
    ['outbound', query],
    offset,
    (page) => need(api.GET('/api.ashx/v1/calls', { params: { query: { ...query, ...page } } })),
    (page) => (page?.data.some((row) => BUSY.has(row.status)) ? WHILE_BUSY_MS : false),
  );
  const make = <NewButton to="/outbound/new">{t('outbound.new')}</NewButton>;
  return (
    <Page title={t('outbound.title')} about={t('outbound.about')} actions={make}>
      <Group>
        <NativeSelect
          label={t('outbound.status')}
          value={filters.status}
          onChange={(event) => set('status', event.currentTarget.value)}
          data={[{ value: '', label: t('common.all') }, ...STATES.map((value) => ({ value, label: t(`outbound.status.${value}`) }))]}
        />
      </Group>
      <DataTable
        label={t('outbound.title')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => row.callId}
        link={attemptsOf}
        empty={
          isFiltered ? <EmptyState title={t('outbound.none')} /> : <EmptyState title={t('outbound.empty')} more={t('outbound.empty.more')} action={make} />
        }
      />
    </Page>
  );
}

/** The calls that came of an order, once an engine dialled. A telephone in the house is called by an address, which that list does not look for. */
function attemptsOf({ phone, dispatchedAtUtc }: Item): string | null {
  return dispatchedAtUtc && phone.startsWith('+') ? `/calls?direction=outbound&phone=${encodeURIComponent(phone)}` : null;
}

function useColumns(): Column<Item>[] {
  const t = useT();
  const format = useFormat();
  const code = useCode();
  return [
    { key: 'phone', header: t('outbound.phone'), cell: (row) => (row.displayName ? `${row.displayName} (${row.phone})` : row.phone) },
    {
      key: 'status',
      header: t('outbound.status'),
      cell: (row) => (
        <Badge variant="light" tt="none" color={COLOURS[row.status] ?? 'blue'} title={row.errorDetail || undefined}>
          {t(`outbound.status.${row.status}`)}
        </Badge>
      ),
    },
    { key: 'reason', header: t('outbound.reason'), cell: (row) => code('outcome', row.endedReason) || row.errorDetail || '–', isMinor: true },
    { key: 'by', header: t('outbound.by'), cell: (row) => row.requestedBy || '–', isMinor: true },
    { key: 'created', header: t('outbound.created'), cell: (row) => <At at={row.scheduledForUtc ?? row.createdAtUtc} /> },
    { key: 'length', header: t('outbound.length'), align: 'right', cell: (row) => format.duration(row.durationSec), isMinor: true },
    { key: 'end', header: t('common.actions'), align: 'right', cell: (row) => (OPEN.has(row.status) ? <End call={row} /> : null) },
  ];
}

function End({ call }: { call: Item }) {
  const t = useT();
  const client = useQueryClient();
  const who = call.displayName || call.phone;
  const end = async () => {
    await need(api.POST('/api.ashx/v1/calls/{id}/hangup', { params: { path: { id: call.callId } } }));
    await client.invalidateQueries({ queryKey: ['outbound'] });
  };
  return (
    <Confirm title={t('outbound.cancel.sure', { who })} verb={t('outbound.cancel')} onYes={end}>
      {(open) => (
        <Button color="red" variant="light" size="compact-xs" onClick={open} aria-label={`${t('outbound.cancel')} ${who}`}>
          {t('outbound.cancel')}
        </Button>
      )}
    </Confirm>
  );
}
