import { Badge, Button, Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Confirm } from '~/shared/ui/Confirm';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconPlus } from '~/shared/ui/icons';
import { Page } from '~/shared/ui/Page';
import { SecretOnce } from '~/shared/ui/SecretOnce';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { NewKey } from './NewKey';

type View = Schemas['KeyView'];

export default function Keys() {
  const t = useT();
  const { offset } = useFilters([]);
  const [isNew, setNew] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const list = useListing<View>(['keys'], offset, (page) => need(api.GET('/api/v1/api-keys', { params: { query: page } })));
  const make = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setNew(true)}>
      {t('keys.new')}
    </Button>
  );
  return (
    <Page title={t('keys.title')} about={t('keys.about')} actions={make}>
      <DataTable
        label={t('keys.title')}
        query={list}
        columns={useColumns()}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('keys.empty')} more={t('keys.empty.more')} action={make} />}
      />
      <Modal opened={isNew} onClose={() => setNew(false)} title={t('keys.new')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <NewKey
          onCancel={() => setNew(false)}
          onMade={(key) => {
            setNew(false);
            setSecret(key);
          }}
        />
      </Modal>
      <SecretOnce title={t('keys.secret')} secret={secret} onClose={() => setSecret(null)} />
    </Page>
  );
}

function useColumns(): Column<View>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'name', header: t('keys.name'), cell: (row) => row.name },
    { key: 'prefix', header: t('keys.prefix'), cell: (row) => <span className="mono">{row.key_prefix}…</span> },
    { key: 'scopes', header: t('keys.scopes'), cell: (row) => (row.scopes.length === 0 ? t('keys.scopes.all') : row.scopes.join(', ')), isMinor: true },
    { key: 'used', header: t('keys.used'), cell: (row) => (row.last_used_at ? format.ago(row.last_used_at) : t('keys.never')), isMinor: true },
    { key: 'expires', header: t('keys.expires'), cell: (row) => (row.expires_at ? format.when(row.expires_at) : t('keys.never')), isMinor: true },
    { key: 'by', header: t('common.by'), cell: (row) => row.created_by, isMinor: true },
    {
      key: 'state',
      header: t('keys.state'),
      cell: (row) => (
        <Badge variant="light" tt="none" color={row.is_active ? 'teal' : 'gray'}>
          {row.is_active ? t('keys.on') : t('keys.off')}
        </Badge>
      ),
    },
    { key: 'actions', header: t('common.actions'), align: 'right', cell: (row) => <Actions row={row} /> },
  ];
}

function Actions({ row }: { row: View }) {
  const t = useT();
  const client = useQueryClient();
  const path = { path: { id: row.id } };
  const done = () => client.invalidateQueries({ queryKey: ['keys'] });
  const set = async (is_active: boolean) => {
    await need(api.PATCH('/api/v1/api-keys/{id}', { params: path, body: { is_active } }));
    await done();
  };
  const remove = async () => {
    await need(api.DELETE('/api/v1/api-keys/{id}', { params: path }));
    await done();
  };
  if (row.is_active) {
    return (
      <Confirm title={t('keys.revoke.sure', { name: row.name })} more={t('keys.revoke.more')} verb={t('keys.revoke')} onYes={() => set(false)}>
        {(open) => (
          <Button variant="subtle" size="compact-xs" onClick={open} aria-label={`${t('keys.revoke')} ${row.name}`}>
            {t('keys.revoke')}
          </Button>
        )}
      </Confirm>
    );
  }
  return (
    <>
      <Button variant="subtle" size="compact-xs" onClick={() => void set(true)} aria-label={`${t('keys.restore')} ${row.name}`}>
        {t('keys.restore')}
      </Button>
      <Deletable isSmall name={row.name} onDelete={remove} />
    </>
  );
}
