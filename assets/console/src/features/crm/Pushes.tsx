import { Anchor, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { At } from '~/shared/ui/At';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Mark } from '~/shared/ui/Mark';
import { Page } from '~/shared/ui/Page';
import { SmallButton } from '~/shared/ui/SmallButton';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';

type Push = Schemas['PushView'];
const COLOURS = { pending: 'blue', sent: 'teal', failed: 'red', skipped: 'gray' } as const;

/** What CRMs were told of calls. */
export default function Pushes() {
  const t = useT();
  const client = useQueryClient();
  const { filters, set, offset, isFiltered } = useFilters(['status'] as const);
  const query = filters.status ? { status: filters.status } : {};
  const list = useListing<Push>(['crm', 'pushes', query], offset, (page) => need(api.GET('/api/v1/crm-pushes', { params: { query: { ...query, ...page } } })));
  const again = useMutation({
    mutationFn: (session_id: string) => need(api.POST('/api/v1/calls/{session_id}/crm-push/retry', { params: { path: { session_id }, query: { force: 'true' } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['crm'] }),
  });
  return (
    <Page title={t('crm.title')} about={t('crm.about')}>
      <NativeSelect
        label={t('crm.state')}
        maw={220}
        value={filters.status}
        onChange={(event) => set('status', event.currentTarget.value)}
        data={[{ value: '', label: t('common.all') }, ...Object.keys(COLOURS).map((value) => ({ value, label: t(`push.${value}`) }))]}
      />
      {again.isError && <ErrorBox error={again.error} />}
      <DataTable
        label={t('crm.title')}
        query={list}
        columns={useColumns((id) => again.mutate(id))}
        rowKey={(row) => row.session_id}
        empty={isFiltered ? <EmptyState title={t('crm.none')} /> : <EmptyState title={t('crm.empty')} more={t('crm.empty.more')} />}
      />
    </Page>
  );
}

function useColumns(again: (sessionId: string) => void): Column<Push>[] {
  const t = useT();
  return [
    {
      key: 'call',
      header: t('crm.call'),
      cell: (row) => (
        <Anchor component={Link} to={`/calls/${row.session_id}`} size="sm" className="mono words">
          {row.session_id}
        </Anchor>
      ),
    },
    { key: 'state', header: t('crm.state'), cell: (row) => <Mark color={COLOURS[row.status]}>{t(`push.${row.status}`)}</Mark> },
    { key: 'http', header: t('crm.answer'), cell: (row) => row.http_status ?? '–', isMinor: true },
    { key: 'attempts', header: t('mails.attempts'), align: 'right', cell: (row) => row.attempts, isMinor: true },
    { key: 'error', header: t('mails.error'), cell: (row) => (row.last_error ? <Words size="sm">{row.last_error}</Words> : '–'), isMinor: true },
    { key: 'when', header: t('crm.when'), cell: (row) => <At at={row.sent_at ?? row.created_at} /> },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => row.status !== 'pending' && <SmallButton verb={t('push.again')} of={row.session_id} onClick={() => again(row.session_id)} />,
    },
  ];
}
