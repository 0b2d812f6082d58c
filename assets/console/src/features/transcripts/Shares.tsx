import { Anchor, Button, Group, NativeSelect, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Confirm } from '~/shared/ui/Confirm';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Mark } from '~/shared/ui/Mark';
import { SecretOnce } from '~/shared/ui/SecretOnce';
import { Section } from '~/shared/ui/Section';
import { SmallButton } from '~/shared/ui/SmallButton';
import { useFilters, useListing } from '~/shared/ui/useListing';

type View = Schemas['ShareView'];
const COLOURS = { live: 'teal', expired: 'gray', revoked: 'orange' } as const;
const LIVES = ['24', '168', '720', '0'];

/** Every link that was given away. */
export function Shares() {
  const t = useT();
  const { offset } = useFilters([]);
  const list = useListing<View>(['shares', 'all'], offset, (page) => need(api.GET('/api/v1/shares', { params: { query: page } })));
  return (
    <DataTable
      label={t('transcripts.tab.shares')}
      query={list}
      columns={useColumns(true)}
      rowKey={(row) => row.id}
      empty={<EmptyState title={t('shares.empty')} more={t('shares.empty.more')} />}
    />
  );
}

/** The links of one transcript, and a new one. */
export function SharesOf({ file }: { file: string }) {
  const t = useT();
  const client = useQueryClient();
  const path = { path: { call_id: file } };
  const [hours, setHours] = useState('168');
  const [url, setUrl] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const list = useListing<View>(['shares', 'of', file], 0, (page) =>
    need(api.GET('/api/v1/transcripts/{call_id}/shares', { params: { ...path, query: page } })),
  );
  const make = async () => {
    setError(null);
    try {
      setUrl((await need(api.POST('/api/v1/transcripts/{call_id}/shares', { params: path, body: { ttl_hours: Number(hours) } }))).url);
    } catch (problem) {
      setError(problem);
    }
    await client.invalidateQueries({ queryKey: ['shares'] });
  };
  return (
    <Section title={t('shares.title')} about={t('shares.about')}>
      <Stack gap="sm">
        {error !== null && <ErrorBox error={error} />}
        <Group align="flex-end" gap="sm">
          <NativeSelect
            label={t('shares.hours')}
            value={hours}
            onChange={(event) => setHours(event.currentTarget.value)}
            data={LIVES.map((value) => ({ value, label: t(`shares.hours.${value}`) }))}
          />
          <Button variant="default" onClick={() => void make()}>
            {t('shares.make')}
          </Button>
        </Group>
        <DataTable label={t('shares.title')} query={list} columns={useColumns(false)} rowKey={(row) => row.id} empty={<EmptyState isSmall title={t('shares.empty')} />} />
      </Stack>
      <SecretOnce title={t('shares.made')} secret={url} onClose={() => setUrl(null)} />
    </Section>
  );
}

function useColumns(isOfAll: boolean): Column<View>[] {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const revoke = async (id: string) => {
    await need(api.DELETE('/api/v1/shares/{id}', { params: { path: { id } } }));
    await client.invalidateQueries({ queryKey: ['shares'] });
  };
  const call: Column<View> = {
    key: 'call',
    header: t('shares.call'),
    cell: (row) => (
      <Anchor component={Link} to={`/transcripts/${encodeURIComponent(row.file)}`} size="sm" className="words">
        {row.call_id}
      </Anchor>
    ),
  };
  return [
    ...(isOfAll ? [call] : []),
    { key: 'link', header: t('shares.link'), cell: (row) => <span className="mono">{row.token_masked}</span> },
    { key: 'state', header: t('shares.state'), cell: (row) => <Mark color={COLOURS[row.state]}>{t(`shares.state.${row.state}`)}</Mark> },
    { key: 'views', header: t('shares.views'), cell: (row) => t('shares.views.n', { n: row.views }), isMinor: true },
    { key: 'until', header: t('shares.until'), cell: (row) => (row.expires_at ? format.when(row.expires_at) : t('shares.forever')), isMinor: isOfAll },
    ...(isOfAll ? [{ key: 'by', header: t('common.by'), cell: (row: View) => row.created_by, isMinor: true }] : []),
    {
      key: 'actions',
      header: t('common.actions'),
      align: 'right',
      cell: (row) =>
        row.state === 'live' && (
          <Confirm title={t('shares.revoke.sure')} more={t('shares.revoke.more')} verb={t('shares.revoke')} onYes={() => revoke(row.id)}>
            {(open) => <SmallButton verb={t('shares.revoke')} of={row.token_masked} onClick={open} />}
          </Confirm>
        ),
    },
  ];
}
