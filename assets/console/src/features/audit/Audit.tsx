import { Alert, Button, Code, Group, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { download } from '~/shared/api/download';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { DownloadButton } from '~/shared/ui/DownloadButton';
import { EmptyState } from '~/shared/ui/EmptyState';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';

type Entry = Schemas['Entry'];
const PAUSE_MS = 300;

export default function Audit() {
  const t = useT();
  const { filters, set, offset } = useFilters(['action', 'target'] as const);
  const query = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''));
  const list = useListing<Entry>(['audit', query], offset, (page) => need(api.GET('/api/v1/audit', { params: { query: { ...query, ...page } } })));
  const verify = useMutation({ mutationFn: () => need(api.GET('/api/v1/audit/verify')) });
  const setLater = useDebouncedCallback(set, PAUSE_MS);
  return (
    <Page
      title={t('audit.title')}
      about={t('audit.about')}
      actions={
        <>
          <DownloadButton onFetch={() => download('/api/v1/audit/export', { ...query, format: 'csv' }, 'audit.csv', 'text/csv')}>{t('audit.export.csv')}</DownloadButton>
          <DownloadButton onFetch={() => download('/api/v1/audit/export', { ...query, format: 'jsonl' }, 'audit.jsonl', 'application/x-ndjson')}>
            {t('audit.export.jsonl')}
          </DownloadButton>
          <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
            {t('audit.verify')}
          </Button>
        </>
      }
    >
      {verify.isError && <ErrorBox error={verify.error} />}
      {verify.data && (
        <Alert color={verify.data.intact ? 'teal' : 'red'} role="status">
          {verify.data.intact ? t('audit.whole', { rows: verify.data.rows }) : t('audit.broken', { row: verify.data.broken_at ?? 0 })}
        </Alert>
      )}
      <Group>
        <TextInput label={t('audit.action.filter')} defaultValue={filters.action} onChange={(event) => setLater('action', event.currentTarget.value.trim())} />
        <TextInput label={t('audit.target.filter')} defaultValue={filters.target} onChange={(event) => setLater('target', event.currentTarget.value.trim())} />
      </Group>
      <DataTable
        label={t('audit.title')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => String(row.id)}
        empty={<EmptyState title={t('audit.empty')} />}
      />
    </Page>
  );
}

function useColumns(): Column<Entry>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'at', header: t('audit.at'), cell: (row) => format.when(row.at) },
    { key: 'actor', header: t('audit.actor'), cell: (row) => `${row.actor} (${row.via})` },
    { key: 'action', header: t('audit.action'), cell: (row) => <span className="mono">{row.action}</span> },
    { key: 'target', header: t('audit.target'), cell: (row) => <span className="mono words">{row.target}</span>, isMinor: true },
    { key: 'from', header: t('audit.from'), cell: (row) => row.ip ?? '–', isMinor: true },
    { key: 'detail', header: t('audit.detail'), cell: (row) => <Detail value={row.detail} />, isMinor: true },
  ];
}

function Detail({ value }: { value: unknown }) {
  if (value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)) return '–';
  return <Code className="words">{JSON.stringify(value)}</Code>;
}
