import { Card, SimpleGrid, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { template, TEMPLATES, type BotBody } from '~/shared/bots/templates';
import { useT } from '~/shared/i18n';
import { Deletable } from '~/shared/ui/Deletable';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { BotForm } from './BotForm';

type View = Schemas['BotView'];

export default function BotScreen() {
  const { id = '' } = useParams();
  const bot = useQuery({
    queryKey: ['bots', 'one', id],
    queryFn: () => need(api.GET('/api/v1/bots/{id}', { params: { path: { id } } })),
    enabled: id !== 'new',
  });
  if (id === 'new') return <NewBot />;
  return <Loaded query={bot}>{(stored) => <Existing key={stored.id} stored={stored} />}</Loaded>;
}

/** The body of a bot, without what the server adds when it is read. */
function bodyOf(view: View): BotBody {
  const { id: _i, version: _v, created_at: _c, created_by: _b, updated_at: _u, ...body } = view;
  return body;
}

function Existing({ stored }: { stored: View }) {
  const go = useNavigate();
  const client = useQueryClient();
  const path = { path: { id: stored.id } };
  const name = stored.name || stored.id;
  const save = async (body: BotBody) => {
    await need(api.PUT('/api/v1/bots/{id}', { params: path, body }));
    await client.invalidateQueries({ queryKey: ['bots'] });
  };
  const remove = async () => {
    await need(api.DELETE('/api/v1/bots/{id}', { params: path }));
    await client.invalidateQueries({ queryKey: ['bots'] });
    await go('/bots');
  };
  return (
    <Page title={name} actions={<Deletable name={name} onDelete={remove} />}>
      <BotForm id={stored.id} stored={bodyOf(stored)} onSave={save} />
    </Page>
  );
}

function NewBot() {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const [begun, setBegun] = useState<BotBody | null>(null);
  const make = async (body: BotBody) => {
    const made = await need(api.POST('/api/v1/bots', { body }));
    await client.invalidateQueries({ queryKey: ['bots'] });
    await go(`/bots/${made.id}`);
  };
  return (
    <Page title={t('bots.new')} about={t('bots.about')}>
      {begun ? (
        <BotForm id={null} stored={begun} onSave={make} />
      ) : (
        <>
          <Title order={2} size="h4">
            {t('template.title')}
          </Title>
          <SimpleGrid cols={{ base: 1, sm: 2 }} maw={860}>
            {TEMPLATES.map((name) => (
              <Card key={name} withBorder component="button" type="button" ta="left" onClick={() => setBegun(template(name))}>
                <Text fw={600}>{t(`template.${name}`)}</Text>
                <Text size="sm" c="dimmed" mt={4}>
                  {t(`template.${name}.more`)}
                </Text>
              </Card>
            ))}
          </SimpleGrid>
        </>
      )}
    </Page>
  );
}
