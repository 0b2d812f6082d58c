import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { FormFrame } from '~/shared/ui/FormFrame';
import { IconPlus } from '~/shared/ui/icons';
import { Section } from '~/shared/ui/Section';
import { SmallButton } from '~/shared/ui/SmallButton';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { useSave } from '~/shared/ui/useSave';

type Did = Schemas['DidView'];

function useBots() {
  const bots = useQuery({ queryKey: ['bots', 'names'], queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })) });
  return bots.data?.data ?? [];
}

/** The numbers a carrier leads to this box, and the bot that answers each. */
export function Dids({ carrierId, mayEdit }: { carrierId: string; mayEdit: boolean }) {
  const t = useT();
  const { offset } = useFilters([]);
  const [edited, setEdited] = useState<Did | 'new' | null>(null);
  const path = { id: carrierId };
  const list = useListing<Did>(['carriers', 'dids', carrierId], offset, (page) =>
    need(api.GET('/api/v1/carriers/{id}/dids', { params: { path, query: page } })),
  );
  const make = mayEdit && (
    <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => setEdited('new')}>
      {t('dids.new')}
    </Button>
  );
  return (
    <Section title={t('dids.title')} about={t('dids.about')} actions={make}>
      <DataTable
        label={t('dids.title')}
        query={list}
        columns={useColumns(carrierId, mayEdit, setEdited)}
        rowKey={(row) => row.id}
        empty={<EmptyState isSmall title={t('dids.empty')} more={t('dids.empty.more')} />}
      />
      <Modal
        opened={edited !== null}
        onClose={() => setEdited(null)}
        title={edited === 'new' ? t('dids.new') : t('dids.edit')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {edited !== null && <DidForm carrierId={carrierId} stored={edited === 'new' ? null : edited} onDone={() => setEdited(null)} />}
      </Modal>
    </Section>
  );
}

function useColumns(carrierId: string, mayEdit: boolean, onEdit: (did: Did) => void): Column<Did>[] {
  const t = useT();
  const client = useQueryClient();
  const bots = useBots();
  const remove = async (did_id: string) => {
    await need(api.DELETE('/api/v1/carriers/{id}/dids/{did_id}', { params: { path: { id: carrierId, did_id } } }));
    await client.invalidateQueries({ queryKey: ['carriers', 'dids'] });
  };
  const nameOf = (id: string | null | undefined) => (id ? (bots.find((bot) => bot.id === id)?.name ?? id) : t('dids.nobody'));
  return [
    { key: 'number', header: t('dids.number'), cell: (row) => <span className="mono">{row.number}</span> },
    { key: 'label', header: t('dids.label'), cell: (row) => row.label || '–', isMinor: true },
    { key: 'direction', header: t('dids.direction'), cell: (row) => t(`dids.direction.${row.direction ?? 'both'}`), isMinor: true },
    { key: 'bot', header: t('dids.bot'), cell: (row) => nameOf(row.bot_id) },
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) =>
        mayEdit && (
          <>
            <SmallButton verb={t('common.edit')} of={row.number ?? ''} onClick={() => onEdit(row)} />
            <Deletable isSmall name={row.number ?? ''} onDelete={() => remove(row.id)} />
          </>
        ),
    },
  ];
}

function DidForm({ carrierId, stored, onDone }: { carrierId: string; stored: Did | null; onDone: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const bots = useBots();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { number: stored?.number ?? '', label: stored?.label ?? '', direction: stored?.direction ?? ('both' as const), bot_id: stored?.bot_id ?? '' },
  });
  const save = useSave(form, async ({ bot_id, ...rest }) => {
    const body = { ...rest, bot_id: bot_id || null };
    if (stored) await need(api.PUT('/api/v1/carriers/{id}/dids/{did_id}', { params: { path: { id: carrierId, did_id: stored.id } }, body }));
    else await need(api.POST('/api/v1/carriers/{id}/dids', { params: { path: { id: carrierId } }, body }));
    await client.invalidateQueries({ queryKey: ['carriers', 'dids'] });
    onDone();
  });
  const field = (name: 'number' | 'label' | 'direction' | 'bot_id') => ({ key: form.key(name), ...form.getInputProps(name) });
  return (
    <FormFrame save={save} verb={stored ? undefined : t('common.create')} onCancel={onDone} isBare>
      <TextInput label={t('dids.number')} placeholder="+35621234567" required data-autofocus {...field('number')} />
      <TextInput label={t('dids.label')} {...field('label')} />
      <NativeSelect
        label={t('dids.direction')}
        data={['both', 'inbound', 'outbound'].map((value) => ({ value, label: t(`dids.direction.${value}`) }))}
        {...field('direction')}
      />
      <NativeSelect
        label={t('dids.bot')}
        description={t('dids.bot.more')}
        data={[{ value: '', label: t('dids.nobody') }, ...bots.map((bot) => ({ value: bot.id, label: bot.name || bot.id }))]}
        {...field('bot_id')}
      />
    </FormFrame>
  );
}
