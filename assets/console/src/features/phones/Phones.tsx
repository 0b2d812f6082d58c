import { Button, Modal, Stack, Text } from '@mantine/core';
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
import { Mark } from '~/shared/ui/Mark';
import { Page } from '~/shared/ui/Page';
import { SmallButton } from '~/shared/ui/SmallButton';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { Words } from '~/shared/ui/Words';
import { Account } from './Account';
import { NewPhone } from './NewPhone';

type View = Schemas['PhoneView'];
type Made = Schemas['PhoneSecret'];

export default function Phones() {
  const t = useT();
  const { offset } = useFilters([]);
  const [isNew, setNew] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const list = useListing<View>(['phones'], offset, (page) => need(api.GET('/api/v1/phones', { params: { query: page } })));
  const make = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setNew(true)}>
      {t('phones.new')}
    </Button>
  );
  return (
    <Page title={t('phones.title')} about={t('phones.about')} actions={make}>
      <DataTable
        label={t('phones.title')}
        query={list}
        columns={useColumns(setMade)}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('phones.empty')} more={t('phones.empty.more')} action={make} />}
      />
      <Modal opened={isNew} onClose={() => setNew(false)} title={t('phones.new')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <NewPhone
          onCancel={() => setNew(false)}
          onMade={(phone) => {
            setNew(false);
            setMade(phone);
          }}
        />
      </Modal>
      <Account phone={made} onClose={() => setMade(null)} />
    </Page>
  );
}

function useColumns(onSecret: (made: Made) => void): Column<View>[] {
  const t = useT();
  const format = useFormat();
  return [
    { key: 'user', header: t('phones.user'), cell: (row) => <Words size="sm">{row.user}</Words> },
    { key: 'sip', header: t('phones.sip'), cell: (row) => <span className="mono">{`${row.sip_username}@${row.realm}`}</span>, isMinor: true },
    { key: 'state', header: t('phones.state'), cell: (row) => <Telephones row={row} /> },
    { key: 'changed', header: t('phones.changed'), cell: (row) => format.when(row.password_changed_at), isMinor: true },
    { key: 'actions', header: t('common.actions'), align: 'right', cell: (row) => <Actions row={row} onSecret={onSecret} /> },
  ];
}

function Telephones({ row }: { row: View }) {
  const t = useT();
  const format = useFormat();
  if (!row.is_registered) return <Mark>{t('phones.unregistered')}</Mark>;
  return (
    <Stack gap={2} align="flex-start">
      <Mark color="teal">{t('phones.registered', { n: row.registrations.length })}</Mark>
      {row.registrations.map((one) => (
        <Text key={one.contact} size="xs" c="dimmed" className="words">
          {t('phones.agent', { agent: one.user_agent || t('phones.agent.unknown'), source: one.source, until: format.clock(one.expires_at) })}
        </Text>
      ))}
    </Stack>
  );
}

function Actions({ row, onSecret }: { row: View; onSecret: (made: Made) => void }) {
  const t = useT();
  const client = useQueryClient();
  const params = { params: { path: { id: row.id } } };
  const done = () => client.invalidateQueries({ queryKey: ['phones'] });
  const renew = async () => {
    onSecret(await need(api.POST('/api/v1/phones/{id}/password', params)));
    await done();
  };
  const remove = async () => {
    await need(api.DELETE('/api/v1/phones/{id}', params));
    await done();
  };
  return (
    <>
      <Confirm title={t('phones.password.sure', { name: row.user })} more={t('phones.password.more')} verb={t('phones.password')} onYes={renew}>
        {(open) => <SmallButton verb={t('phones.password')} of={row.user} onClick={open} />}
      </Confirm>
      <Deletable isSmall name={row.user} more={t('phones.delete.more')} onDelete={remove} />
    </>
  );
}
