import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconPlus } from '~/shared/ui/icons';
import { Mark } from '~/shared/ui/Mark';
import { Page } from '~/shared/ui/Page';
import { SearchBox } from '~/shared/ui/SearchBox';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { BaseForm } from './BaseForm';

type View = Schemas['BaseView'];

export default function Bases() {
  const t = useT();
  const { filters, set, offset, isFiltered } = useFilters(['q'] as const);
  const [isNew, setNew] = useState(false);
  const query = filters.q ? { q: filters.q } : {};
  const list = useListing<View>(['knowledge', 'bases', query], offset, (page) =>
    need(api.GET('/api/v1/knowledge-bases', { params: { query: { ...query, ...page } } })),
  );
  const make = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setNew(true)}>
      {t('kb.new')}
    </Button>
  );
  return (
    <Page title={t('kb.title')} about={t('kb.about')} actions={make}>
      {(isFiltered || (list.data?.total ?? 0) > 0) && <SearchBox value={filters.q} onChange={(value) => set('q', value)} />}
      <DataTable
        label={t('kb.title')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => row.id}
        link={(row) => `/knowledge/${row.id}`}
        empty={<EmptyState title={t('kb.empty')} more={t('kb.empty.more')} action={make} />}
      />
      <Modal opened={isNew} onClose={() => setNew(false)} title={t('kb.new')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <BaseForm stored={null} onCancel={() => setNew(false)} />
      </Modal>
    </Page>
  );
}

function useColumns(): Column<View>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'name', header: t('kb.name'), cell: (row) => row.name },
    {
      key: 'state',
      header: t('kb.state'),
      cell: (row) => (
        <Group gap={4}>
          <Mark color={row.is_enabled ? 'teal' : 'gray'}>{t(row.is_enabled ? 'kb.on' : 'kb.off')}</Mark>
          {row.is_reembedding && <Mark color="blue">{t('kb.reembedding')}</Mark>}
          {row.n_failed > 0 && <Mark color="red">{t('kb.failed', { n: row.n_failed })}</Mark>}
        </Group>
      ),
    },
    { key: 'documents', header: t('kb.documents'), cell: (row) => t('kb.documents.of', { indexed: row.n_indexed, all: row.n_documents }) },
    { key: 'chunks', header: t('kb.chunks'), align: 'right', cell: (row) => format.number(row.n_chunks), isMinor: true },
    { key: 'created', header: t('common.created'), cell: (row) => format.when(row.created_at), isMinor: true },
  ];
}
