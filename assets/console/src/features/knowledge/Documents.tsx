import { Group, Modal, Progress, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { upload } from '~/shared/api/upload';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Mark } from '~/shared/ui/Mark';
import { SmallButton } from '~/shared/ui/SmallButton';
import { UploadBox } from '~/shared/ui/UploadBox';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { useUpload } from '~/shared/ui/useUpload';
import { Words } from '~/shared/ui/Words';
import { AddPage } from './AddPage';
import { Chunks } from './Chunks';

type Document = Schemas['DocumentView'];
const COLOURS = { uploaded: 'gray', indexing: 'blue', indexed: 'teal', failed: 'red' } as const;
/** How often the list is read while something in it is on its way. */
const WHILE_BUSY_MS = 1000;
const isBusy = ({ parse_status }: Document) => parse_status === 'uploaded' || parse_status === 'indexing';
const ACCEPT = '.pdf,.docx,.xlsx,.html,.htm,.md,.markdown,.txt,.text,.csv';

/** The documents of a base, how far each is, and new ones. */
export function Documents({ baseId }: { baseId: string }) {
  const t = useT();
  const client = useQueryClient();
  const { offset } = useFilters([]);
  const [shown, setShown] = useState<Document | null>(null);
  const sending = useUpload();
  const path = { kb_id: baseId };
  const list = useListing<Document>(
    ['knowledge', 'documents', baseId],
    offset,
    (page) => need(api.GET('/api/v1/knowledge-bases/{kb_id}/documents', { params: { path, query: page } })),
    (page) => (page?.data.some(isBusy) ? WHILE_BUSY_MS : false),
  );
  const refresh = () => client.invalidateQueries({ queryKey: ['knowledge'] });
  const send = (files: File[]) =>
    void sending.start(async (onProgress, signal) => {
      for (const [n, file] of files.entries()) {
        const body = new FormData();
        body.append('file', file, file.name);
        const part = (done: number) => onProgress((n + done) / files.length);
        await upload({ path: `/api/v1/knowledge-bases/${baseId}/documents`, body, onProgress: part, signal });
        await refresh();
      }
    });
  return (
    <Stack>
      <UploadBox upload={sending} onFiles={send} verb={t('doc.upload')} more={t('doc.upload.more')} accept={ACCEPT} isMany />
      <AddPage baseId={baseId} />
      <DataTable
        label={t('kb.documents')}
        query={list}
        columns={useColumns(baseId, setShown)}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('doc.empty')} more={t('doc.empty.more')} />}
      />
      <Modal
        size="xl"
        opened={shown !== null}
        onClose={() => setShown(null)}
        title={t('doc.chunks.of', { name: shown?.name ?? '' })}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {shown && <Chunks baseId={baseId} documentId={shown.id} />}
      </Modal>
    </Stack>
  );
}

function useColumns(baseId: string, onShow: (document: Document) => void): Column<Document>[] {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const params = (document_id: string) => ({ path: { kb_id: baseId, document_id } });
  const refresh = () => client.invalidateQueries({ queryKey: ['knowledge'] });
  const again = async (id: string) => {
    await need(api.POST('/api/v1/knowledge-bases/{kb_id}/documents/{document_id}/reindex', { params: params(id) }));
    await refresh();
  };
  const remove = async (id: string) => {
    await need(api.DELETE('/api/v1/knowledge-bases/{kb_id}/documents/{document_id}', { params: params(id) }));
    await refresh();
  };
  return [
    { key: 'name', header: t('doc.name'), cell: (row) => <Words size="sm">{row.name}</Words> },
    { key: 'state', header: t('doc.state'), cell: (row) => <State row={row} /> },
    { key: 'size', header: t('doc.size'), align: 'right', cell: (row) => format.bytes(row.size), isMinor: true },
    { key: 'chunks', header: t('doc.chunks'), align: 'right', cell: (row) => format.number(row.n_chunks), isMinor: true },
    { key: 'added', header: t('doc.added'), cell: (row) => format.when(row.created_at), isMinor: true },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => (
        <>
          {row.n_chunks > 0 && <SmallButton verb={t('doc.chunks')} of={row.name} onClick={() => onShow(row)} />}
          {!isBusy(row) && <SmallButton verb={t('doc.again')} of={row.name} onClick={() => void again(row.id)} />}
          <Deletable isSmall name={row.name} onDelete={() => remove(row.id)} />
        </>
      ),
    },
  ];
}

function State({ row }: { row: Document }) {
  const t = useT();
  return (
    <Stack gap={4} align="flex-start">
      <Group gap={4}>
        <Mark color={COLOURS[row.parse_status]}>{t(`doc.state.${row.parse_status}`)}</Mark>
        {row.is_duplicate && <Mark>{t('doc.duplicate')}</Mark>}
        {row.n_pages ? (
          <Text size="xs" c="dimmed">
            {t('doc.pages', { n: row.n_pages })}
          </Text>
        ) : null}
      </Group>
      {row.parse_status === 'indexing' && <Progress value={row.progress} w={140} size="sm" aria-label={t('doc.state.indexing')} />}
      {row.parse_error && <Words size="xs">{row.parse_error}</Words>}
    </Stack>
  );
}
