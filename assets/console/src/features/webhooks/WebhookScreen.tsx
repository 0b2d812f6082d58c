import { Alert, Button, Group, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Confirm } from '~/shared/ui/Confirm';
import { Deletable } from '~/shared/ui/Deletable';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { FormFrame } from '~/shared/ui/FormFrame';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { SecretOnce } from '~/shared/ui/SecretOnce';
import { told } from '~/shared/ui/told';
import { useSave } from '~/shared/ui/useSave';
import { Deliveries } from './Deliveries';
import { Recover } from './Recover';
import { WebhookFields, type Values } from './WebhookFields';

type View = Schemas['WebhookView'];

export default function WebhookScreen() {
  const { id = '' } = useParams();
  const webhook = useQuery({
    queryKey: ['webhooks', 'one', id],
    queryFn: () => need(api.GET('/api/v1/webhooks/{id}', { params: { path: { id } } })),
  });
  return <Loaded query={webhook}>{(stored) => <Existing stored={stored} />}</Loaded>;
}

function Existing({ stored }: { stored: View }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const [secret, setSecret] = useState<string | null>(null);
  const path = { path: { id: stored.id } };
  const changed = () => client.invalidateQueries({ queryKey: ['webhooks'] });
  const form = useForm<Values>({ mode: 'uncontrolled', initialValues: { url: stored.url, events: stored.events } });
  const save = useSave(form, async (values) => {
    await need(api.PATCH('/api/v1/webhooks/{id}', { params: path, body: values }));
    await changed();
  });
  const act = useMutation({
    mutationFn: async (what: 'test' | 'pause' | 'resume') => {
      if (what === 'pause') await need(api.POST('/api/v1/webhooks/{id}/pause', { params: path }));
      if (what === 'resume') {
        await need(api.POST('/api/v1/webhooks/{id}/resume', { params: path }));
        told(t('webhooks.resumed'));
      }
      if (what === 'test') {
        const sent = await need(api.POST('/api/v1/webhooks/{id}/test', { params: path }));
        told(t('webhooks.tested', { status: t(`delivery.${sent.status}`) }));
      }
    },
    onSettled: changed,
  });
  const rotate = async () => {
    setSecret((await need(api.POST('/api/v1/webhooks/{id}/rotate', { params: path }))).secret);
    await changed();
  };
  const remove = async () => {
    await need(api.DELETE('/api/v1/webhooks/{id}', { params: path }));
    await changed();
    await go('/webhooks');
  };
  const button = (what: 'test' | 'pause' | 'resume') => (
    <Button variant={what === 'resume' ? 'filled' : 'default'} loading={act.isPending && act.variables === what} onClick={() => act.mutate(what)}>
      {t(`webhooks.${what}`)}
    </Button>
  );
  return (
    <Page
      title={stored.url}
      actions={
        <Group gap="xs">
          {button('test')}
          {button(stored.active ? 'pause' : 'resume')}
          {stored.active && <Recover webhookId={stored.id} />}
          <Confirm title={t('webhooks.rotate.sure')} more={t('webhooks.rotate.more')} verb={t('webhooks.rotate')} onYes={rotate}>
            {(open) => (
              <Button variant="default" onClick={open}>
                {t('webhooks.rotate')}
              </Button>
            )}
          </Confirm>
          <Deletable name={stored.url} onDelete={remove} />
        </Group>
      }
    >
      {act.isError && <ErrorBox error={act.error} />}
      {!stored.active && (
        <Alert color="orange" title={t('webhooks.paused.why', { why: stored.paused_because })}>
          <Text size="sm">{t('webhooks.parked', { n: stored.parked })}</Text>
        </Alert>
      )}
      <Deliveries webhookId={stored.id} />
      <FormFrame save={save}>
        <WebhookFields form={form} />
      </FormFrame>
      <SecretOnce title={t('webhooks.secret')} secret={secret} onClose={() => setSecret(null)} />
    </Page>
  );
}
