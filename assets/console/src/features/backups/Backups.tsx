import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Mark } from '~/shared/ui/Mark';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';
import { Actions } from './Actions';
import { NewBackup } from './NewBackup';

type View = Schemas['BackupView'];
const COLOURS = { running: 'blue', done: 'teal', failed: 'red' } as const;
/** How often the list is read while one is being made. */
const WHILE_RUNNING_MS = 1000;

export default function Backups() {
  const t = useT();
  const { offset } = useFilters([]);
  const [isNew, setNew] = useState(false);
  const list = useListing<View>(
    ['backups'],
    offset,
    (page) => need(api.GET('/api/v1/backups', { params: { query: page } })),
    (page) => (page?.data.some(({ state }) => state === 'running') ? WHILE_RUNNING_MS : false),
  );
  const make = <Button onClick={() => setNew(true)}>{t('backups.new')}</Button>;
  return (
    <Page
      title={t('backups.title')}
      about={t('backups.about')}
      actions={
        <>
          <Button component={Link} to="/settings/backup" variant="default">
            {t('backups.settings')}
          </Button>
          {make}
        </>
      }
    >
      <DataTable
        label={t('backups.title')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => row.name}
        empty={<EmptyState title={t('backups.empty')} more={t('backups.empty.more')} action={make} />}
      />
      <Modal opened={isNew} onClose={() => setNew(false)} title={t('backups.new')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <NewBackup onDone={() => setNew(false)} />
      </Modal>
    </Page>
  );
}

function useColumns(): Column<View>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'name', header: t('backups.name'), cell: (row) => <span className="mono">{row.name}</span> },
    { key: 'state', header: t('backups.state'), cell: (row) => <State row={row} /> },
    { key: 'begun', header: t('backups.begun'), cell: (row) => format.when(row.started_at) },
    { key: 'size', header: t('backups.size'), align: 'right', cell: (row) => (row.size ? format.bytes(row.size) : '–'), isMinor: true },
    {
      key: 'with',
      header: t('backups.with'),
      isMinor: true,
      cell: (row) => (
        <Group gap={4}>
          {row.has_recordings && <Mark>{t('backups.with.recordings')}</Mark>}
          {row.has_master_key && <Mark>{t('backups.with.key')}</Mark>}
          {row.uploaded_at && <Mark color="blue">{t('backups.uploaded')}</Mark>}
        </Group>
      ),
    },
    { key: 'actions', header: t('common.actions'), align: 'right', cell: (row) => row.state !== 'running' && <Actions row={row} /> },
  ];
}

function State({ row }: { row: View }) {
  const t = useT();
  const format = useFormat();
  const problem = row.error ?? row.verify_error ?? row.upload_error;
  return (
    <Stack gap={2} align="flex-start">
      <Group gap={4}>
        <Mark color={COLOURS[row.state]}>{t(`backups.state.${row.state}`)}</Mark>
        {row.state === 'done' &&
          (row.verify_error ? (
            <Mark color="red">{t('backups.broken')}</Mark>
          ) : (
            <Text size="xs" c="dimmed">
              {row.verified_at ? t('backups.verified', { at: format.when(row.verified_at) }) : t('backups.unverified')}
            </Text>
          ))}
      </Group>
      {problem && <Words size="xs">{problem}</Words>}
    </Stack>
  );
}
