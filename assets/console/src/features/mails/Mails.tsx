import { Anchor, Button, NativeSelect } from '@mantine/core';
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
import { told } from '~/shared/ui/told';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';

type View = Schemas['MailView'];
const COLOURS = { waiting: 'blue', sent: 'teal', parked: 'orange' } as const;
const STATES = ['waiting', 'sent', 'parked'] as const;

export default function Mails() {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['state'] as const);
  const query = filters.state ? { state: filters.state } : {};
  const list = useListing<View>(['mails', query], offset, (page) => need(api.GET('/api/v1/mails', { params: { query: { ...query, ...page } } })));
  const client = useQueryClient();
  const resend = useMutation({
    mutationFn: (id: string) => need(api.POST('/api/v1/mails/{id}/resend', { params: { path: { id } } })),
    onSuccess: () => told(t('mails.resent')),
    onSettled: () => client.invalidateQueries({ queryKey: ['mails'] }),
  });
  const server = (
    <Button component={Link} to="/settings/mail" variant="default">
      {t('mails.server')}
    </Button>
  );
  return (
    <Page title={t('mails.title')} about={t('mails.about')} actions={server}>
      <NativeSelect
        label={t('mails.state')}
        maw={220}
        value={filters.state}
        onChange={(event) => set('state', event.currentTarget.value)}
        data={[{ value: '', label: t('common.all') }, ...STATES.map((value) => ({ value, label: t(`mails.state.${value}`) }))]}
      />
      {resend.isError && <ErrorBox error={resend.error} />}
      <DataTable
        label={t('mails.title')}
        query={list}
        columns={useColumns((id) => resend.mutate(id), resend.isPending ? resend.variables : null)}
        rowKey={(row) => row.id}
        empty={isFiltered ? <EmptyState title={t('mails.none')} /> : <EmptyState title={t('mails.empty')} more={t('mails.empty.more')} action={server} />}
      />
    </Page>
  );
}

function useColumns(resend: (id: string) => void, busy: string | null): Column<View>[] {
  const t = useT();
  return [
    { key: 'to', header: t('mails.to'), cell: (row) => <Words size="sm">{row.to}</Words> },
    {
      key: 'call',
      header: t('mails.call'),
      isMinor: true,
      cell: (row) => (
        <Anchor component={Link} to={`/calls/${row.session_id}`} size="sm" className="mono">
          {row.call_id}
        </Anchor>
      ),
    },
    { key: 'state', header: t('mails.state'), cell: (row) => <Mark color={COLOURS[row.state]}>{t(`mails.state.${row.state}`)}</Mark> },
    { key: 'error', header: t('mails.error'), cell: (row) => (row.error ? <Words size="sm">{row.error}</Words> : '–'), isMinor: true },
    { key: 'attempts', header: t('mails.attempts'), align: 'right', cell: (row) => row.attempts, isMinor: true },
    { key: 'when', header: t('mails.when'), cell: (row) => <At at={row.created_at} /> },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => row.state !== 'waiting' && <SmallButton verb={t('mails.resend')} of={row.to} isBusy={busy === row.id} onClick={() => resend(row.id)} />,
    },
  ];
}
