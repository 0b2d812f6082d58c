import { Button, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Person } from './Person';

type View = Schemas['ErasureView'];

/** A person's data: a file of it, its erasure, and what was erased before. */
export default function Privacy() {
  const t = useT();
  const { offset } = useFilters([]);
  const list = useListing<View>(['erasures'], offset, (page) => need(api.GET('/api/v1/erasures', { params: { query: page } })));
  return (
    <Page
      title={t('privacy.title')}
      about={t('privacy.about')}
      actions={
        <Button component={Link} to="/settings/retention" variant="default">
          {t('privacy.retention')}
        </Button>
      }
    >
      <Stack>
        <Person />
        <DataTable label={t('privacy.done')} query={list} columns={useColumns()} rowKey={(row) => row.id} empty={<EmptyState title={t('privacy.empty')} />} />
      </Stack>
    </Page>
  );
}

function useColumns(): Column<View>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'who', header: t('privacy.phone'), cell: (row) => <span className="mono">…{row.phone_end}</span> },
    { key: 'at', header: t('privacy.at'), cell: (row) => format.when(row.at) },
    { key: 'by', header: t('common.by'), cell: (row) => row.requested_by, isMinor: true },
    { key: 'calls', header: t('privacy.calls'), align: 'right', cell: (row) => format.number(row.n_calls) },
    { key: 'held', header: t('privacy.held'), align: 'right', cell: (row) => format.number(row.n_held) },
    { key: 'recordings', header: t('privacy.recordings'), align: 'right', cell: (row) => format.number(row.n_recordings), isMinor: true },
    { key: 'transcripts', header: t('privacy.transcripts'), align: 'right', cell: (row) => format.number(row.n_transcripts), isMinor: true },
  ];
}
