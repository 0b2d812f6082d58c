import { Badge, Button, Divider, Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Confirm } from '~/shared/ui/Confirm';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconPlus } from '~/shared/ui/icons';
import { Page } from '~/shared/ui/Page';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Identities } from './Identities';
import { ResetForm, UserForm } from './UserForms';

type View = Schemas['UserView'];
type Dialog = { kind: 'new' } | { kind: 'edit' | 'reset'; user: View } | null;

export default function Users() {
  const t = useT();
  const { offset } = useFilters([]);
  const [dialog, setDialog] = useState<Dialog>(null);
  const list = useListing<View>(['users'], offset, (page) => need(api.GET('/api/v1/users', { params: { query: page } })));
  const close = () => setDialog(null);
  const title = dialog === null || dialog.kind === 'new' ? t('users.new') : t(dialog.kind === 'edit' ? 'users.edit' : 'users.reset.of', { name: dialog.user.name });
  return (
    <Page
      title={t('users.title')}
      about={t('users.about')}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setDialog({ kind: 'new' })}>
          {t('users.new')}
        </Button>
      }
    >
      <DataTable
        label={t('users.title')}
        query={list}
        columns={useColumns(setDialog)}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('users.empty')} />}
      />
      <Modal opened={dialog !== null} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
        {dialog?.kind === 'new' && <UserForm stored={null} onDone={close} />}
        {dialog?.kind === 'edit' && (
          <>
            <UserForm stored={dialog.user} onDone={close} />
            <Divider my="lg" />
            <Identities id={dialog.user.id} />
          </>
        )}
        {dialog?.kind === 'reset' && <ResetForm id={dialog.user.id} onDone={close} />}
      </Modal>
    </Page>
  );
}

function useColumns(open: (dialog: Dialog) => void): Column<View>[] {
  const t = useT();
  const format = useFormat();
  const me = useMe();
  return [
    { key: 'name', header: t('users.name'), cell: (row) => (row.id === me.id ? `${row.name} (${t('users.you')})` : row.name) },
    { key: 'email', header: t('users.email'), cell: (row) => row.email, isMinor: true },
    { key: 'role', header: t('users.role'), cell: (row) => t(`role.${row.role}`) },
    {
      key: 'state',
      header: t('users.state'),
      cell: (row) => (
        <Badge variant="light" tt="none" color={row.is_active ? 'teal' : 'gray'}>
          {row.is_active ? t('users.on') : t('users.off')}
        </Badge>
      ),
    },
    { key: 'created', header: t('common.created'), cell: (row) => format.when(row.created_at), isMinor: true },
    { key: 'actions', header: t('common.actions'), align: 'right', cell: (row) => <Actions row={row} open={open} /> },
  ];
}

function Actions({ row, open }: { row: View; open: (dialog: Dialog) => void }) {
  const t = useT();
  const client = useQueryClient();
  const me = useMe();
  const path = { params: { path: { id: row.id } } };
  const after = async (answer: Promise<unknown>) => {
    await answer;
    await client.invalidateQueries({ queryKey: ['users'] });
  };
  const small = { variant: 'subtle', size: 'compact-xs' } as const;
  return (
    <>
      <Button {...small} onClick={() => open({ kind: 'edit', user: row })} aria-label={`${t('common.edit')} ${row.name}`}>
        {t('common.edit')}
      </Button>
      {row.id !== me.id && (
        <>
          <Button {...small} onClick={() => open({ kind: 'reset', user: row })} aria-label={`${t('users.reset')} ${row.name}`}>
            {t('users.reset')}
          </Button>
          {row.is_active ? (
            <Confirm
              title={t('users.deactivate.sure', { name: row.name })}
              more={t('users.deactivate.more')}
              verb={t('users.deactivate')}
              onYes={() => after(need(api.POST('/api/v1/users/{id}/deactivate', path)))}
            >
              {(ask) => (
                <Button {...small} onClick={ask} aria-label={`${t('users.deactivate')} ${row.name}`}>
                  {t('users.deactivate')}
                </Button>
              )}
            </Confirm>
          ) : (
            <Button {...small} onClick={() => void after(need(api.POST('/api/v1/users/{id}/activate', path)))} aria-label={`${t('users.activate')} ${row.name}`}>
              {t('users.activate')}
            </Button>
          )}
          {ranks(me.role, 'super_admin') && (
            <Deletable isSmall name={row.name} onDelete={() => after(need(api.DELETE('/api/v1/users/{id}', path)))} />
          )}
        </>
      )}
    </>
  );
}
