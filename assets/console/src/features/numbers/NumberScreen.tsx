import { Alert, Button, Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useSip } from '~/shared/api/sip';
import { useT } from '~/shared/i18n';
import { CallSeries } from '~/shared/series/CallSeries';
import { Deletable } from '~/shared/ui/Deletable';
import { IconPhone } from '~/shared/ui/icons';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { NumberForm, type Choice } from './NumberForm';

type View = Schemas['NumberView'];

export default function NumberScreen() {
  const { id = '' } = useParams();
  const isNew = id === 'new';
  const t = useT();
  const bots = useQuery({ queryKey: ['bots', 'names'], queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })) });
  const number = useQuery({
    queryKey: ['numbers', 'one', id],
    queryFn: () => need(api.GET('/api/v1/numbers/{id}', { params: { path: { id } } })),
    enabled: !isNew,
  });
  return (
    <Loaded query={bots}>
      {(list) => {
        const choices = list.data.map((bot) => ({ value: bot.id, label: bot.name || bot.id }));
        if (isNew) {
          return (
            <Page title={t('numbers.new')}>
              <NumberForm stored={null} bots={choices} />
            </Page>
          );
        }
        return <Loaded query={number}>{(stored) => <Existing key={stored.updated_at} stored={stored} bots={choices} />}</Loaded>;
      }}
    </Loaded>
  );
}

function Existing({ stored, bots }: { stored: View; bots: Choice[] }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const sip = useSip();
  const remove = async () => {
    await need(api.DELETE('/api/v1/numbers/{id}', { params: { path: { id: stored.id } } }));
    await client.invalidateQueries({ queryKey: ['numbers'] });
    await go('/numbers');
  };
  return (
    <Page
      title={t('numbers.edit', { name: stored.name })}
      actions={
        <>
          <Button component={Link} to={`/room?dial=${encodeURIComponent(stored.number)}`} variant="default" leftSection={<IconPhone size={16} />}>
            {t('numbers.browser')}
          </Button>
          <Deletable name={stored.name} onDelete={remove} />
        </>
      }
    >
      <Stack maw={860}>
        <Alert title={t('numbers.how')}>{t('numbers.how.more', { number: stored.number, host: sip.fromAfar })}</Alert>
        <NumberForm stored={stored} bots={bots} />
        <CallSeries title={t('numbers.figures')} scope={{ number: stored.number }} />
      </Stack>
    </Page>
  );
}
