import { Alert, Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { CallSeries } from '~/shared/series/CallSeries';
import { Deletable } from '~/shared/ui/Deletable';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { CarrierForm } from './CarrierForm';
import { Dids } from './Dids';
import { Trunk } from './Trunk';

type View = Schemas['CarrierView'];

export default function CarrierScreen() {
  const { id = '' } = useParams();
  const isNew = id === 'new';
  const t = useT();
  const carrier = useQuery({
    queryKey: ['carriers', 'one', id],
    queryFn: () => need(api.GET('/api/v1/carriers/{id}', { params: { path: { id } } })),
    enabled: !isNew,
  });
  if (isNew) {
    return (
      <Page title={t('carriers.new')}>
        <CarrierForm stored={null} />
      </Page>
    );
  }
  return <Loaded query={carrier}>{(stored) => <Existing key={stored.updated_at} stored={stored} />}</Loaded>;
}

function Existing({ stored }: { stored: View }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const isOwner = ranks(useMe().role, 'super_admin');
  const remove = async () => {
    await need(api.DELETE('/api/v1/carriers/{id}', { params: { path: { id: stored.id } } }));
    await client.invalidateQueries({ queryKey: ['carriers'] });
    await go('/carriers');
  };
  const name = stored.name ?? stored.id;
  return (
    <Page title={name} actions={isOwner && <Deletable name={name} onDelete={remove} />}>
      {!isOwner && <Alert maw={860}>{t('carriers.owner')}</Alert>}
      <Stack maw={860}>
        <Trunk carrier={stored} mayCheck={isOwner} />
        <Dids carrierId={stored.id} mayEdit={isOwner} />
        <CarrierForm stored={stored} />
        <CallSeries title={t('carriers.figures')} scope={{ carrier_id: stored.id }} />
      </Stack>
    </Page>
  );
}
