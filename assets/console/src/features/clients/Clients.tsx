import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Confirm } from '~/shared/ui/Confirm';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconPlus } from '~/shared/ui/icons';
import { Mark } from '~/shared/ui/Mark';
import { Page } from '~/shared/ui/Page';
import { SecretOnce } from '~/shared/ui/SecretOnce';
import { told } from '~/shared/ui/told';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';
import { Actions } from './Actions';
import { ClientForm } from './ClientForm';

type View = Schemas['ClientView'];
type Secret = { name: string; secret: string } | null;

export default function Clients() {
  const t = useT();
  const mayEdit = ranks(useMe().role, 'super_admin');
  const { offset } = useFilters([]);
  const [edited, setEdited] = useState<View | 'new' | null>(null);
  const [shown, setShown] = useState<Secret>(null);
  const list = useListing<View>(['clients'], offset, (page) => need(api.GET('/api/v1/oidc/clients', { params: { query: page } })));
  const close = () => setEdited(null);
  return (
    <Page title={t('clients.title')} about={t('clients.about')} actions={mayEdit && <Makers onNew={() => setEdited('new')} />}>
      <DataTable
        label={t('clients.title')}
        query={list}
        columns={useColumns(mayEdit, setEdited, setShown)}
        rowKey={(row) => row.client_id}
        empty={<EmptyState title={t('clients.title')} />}
      />
      <Modal
        opened={edited !== null}
        onClose={close}
        size="lg"
        title={edited !== null && edited !== 'new' ? t('clients.edit', { name: nameOf(edited) }) : t('clients.new')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {edited !== null && (
          <ClientForm
            stored={edited === 'new' ? null : edited}
            onCancel={close}
            onDone={(made) => {
              close();
              if (made?.client_secret) setShown({ name: nameOf(made), secret: made.client_secret });
            }}
          />
        )}
      </Modal>
      <SecretOnce title={t('clients.secret', { name: shown?.name ?? '' })} secret={shown?.secret ?? null} onClose={() => setShown(null)} />
    </Page>
  );
}

function nameOf(client: View): string {
  return client.description || client.client_id;
}

function Makers({ onNew }: { onNew: () => void }) {
  const t = useT();
  const rotate = async () => {
    await need(api.POST('/api/v1/oidc/keys/rotate'));
    told(t('clients.keys.done'));
  };
  return (
    <>
      <Confirm title={t('clients.keys.sure')} more={t('clients.keys.more')} verb={t('clients.keys.rotate')} onYes={rotate}>
        {(open) => (
          <Button variant="default" onClick={open}>
            {t('clients.keys.rotate')}
          </Button>
        )}
      </Confirm>
      <Button leftSection={<IconPlus size={16} />} onClick={onNew}>
        {t('clients.new')}
      </Button>
    </>
  );
}

function useColumns(mayEdit: boolean, onEdit: (client: View) => void, onSecret: (secret: Secret) => void): Column<View>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'name', header: t('clients.name'), cell: (row) => <Words size="sm">{nameOf(row)}</Words> },
    { key: 'id', header: t('clients.id'), cell: (row) => <span className="mono">{row.client_id}</span>, isMinor: true },
    {
      key: 'kind',
      header: t('clients.kind'),
      cell: (row) => (
        <Group gap={4}>
          <Mark>{t(row.confidential ? 'clients.kind.confidential' : 'clients.kind.public')}</Mark>
          {row.api_access && <Mark color="orange">{t('clients.opens')}</Mark>}
          {row.built_in && <Mark color="blue">{t('clients.builtIn')}</Mark>}
        </Group>
      ),
    },
    { key: 'created', header: t('common.created'), cell: (row) => (row.built_in ? '–' : format.when(row.created_at)), isMinor: true },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) => mayEdit && !row.built_in && <Actions row={row} name={nameOf(row)} onEdit={() => onEdit(row)} onSecret={onSecret} />,
    },
  ];
}
