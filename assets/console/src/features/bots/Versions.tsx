import { Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Confirm } from '~/shared/ui/Confirm';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Mark } from '~/shared/ui/Mark';
import { SmallButton } from '~/shared/ui/SmallButton';
import { told } from '~/shared/ui/told';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';
import { Difference } from './Difference';

type Version = Schemas['BotVersionView'];

/** Every version of a bot, the newest first; any two can be compared, any can come back. */
export function Versions({ stored }: { stored: Schemas['BotView'] }) {
  const t = useT();
  const { offset } = useFilters([]);
  const path = { id: stored.id };
  const list = useListing<Version>(['bots', 'versions', stored.id], offset, (page) =>
    need(api.GET('/api/v1/bots/{id}/versions', { params: { path, query: page } })),
  );
  return (
    <Stack>
      <Text c="dimmed">{t('versions.more')}</Text>
      <Difference stored={stored} versions={(list.data?.data ?? []).map(({ version }) => version)} />
      <DataTable
        label={t('bot.tab.versions')}
        query={list}
        columns={useColumns(stored)}
        rowKey={(row) => String(row.version)}
        empty={<EmptyState title={t('versions.none')} />}
      />
    </Stack>
  );
}

function useColumns(stored: Schemas['BotView']): Column<Version>[] {
  const t = useT();
  const format = useFormat();
  return [
    {
      key: 'version',
      header: t('bots.version'),
      cell: (row) => row.version,
    },
    { key: 'at', header: t('common.created'), cell: (row) => format.when(row.created_at) },
    { key: 'by', header: t('bots.by'), cell: (row) => row.created_by, isMinor: true },
    { key: 'note', header: t('versions.note'), cell: (row) => (row.note ? <Words size="sm">{row.note}</Words> : '–'), isMinor: true },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => (row.is_published ? <Mark color="teal">{t('versions.published')}</Mark> : <Actions stored={stored} version={row.version} />),
    },
  ];
}

function Actions({ stored, version }: { stored: Schemas['BotView']; version: number }) {
  const t = useT();
  const client = useQueryClient();
  const [, setParams] = useSearchParams();
  const back = async () => {
    await need(api.POST('/api/v1/bots/{id}/rollback', { params: { path: { id: stored.id } }, body: { version } }));
    told(t('versions.back.done', { version }));
    await client.invalidateQueries({ queryKey: ['bots'] });
  };
  const of = t('versions.of', { version });
  return (
    <>
      <SmallButton verb={t('versions.compare')} of={of} onClick={() => setParams({ from: String(version), to: 'published' })} />
      <Confirm title={t('versions.back.sure', { version })} more={t('versions.back.more')} verb={t('versions.back')} onYes={back}>
        {(open) => <SmallButton verb={t('versions.back')} of={of} onClick={open} />}
      </Confirm>
    </>
  );
}
