import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { Page } from '~/shared/ui/Page';
import { SecretOnce } from '~/shared/ui/SecretOnce';
import { useSave } from '~/shared/ui/useSave';
import { WebhookFields, type Values } from './WebhookFields';

export default function NewWebhook() {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const [made, setMade] = useState<Schemas['WebhookWithSecret'] | null>(null);
  const form = useForm<Values>({ mode: 'uncontrolled', initialValues: { url: '', events: ['call.ended', 'transcript.saved'] } });
  const save = useSave(form, async (values) => {
    setMade(await need(api.POST('/api/v1/webhooks', { body: values })));
    await client.invalidateQueries({ queryKey: ['webhooks'] });
  });
  return (
    <Page title={t('webhooks.new')} about={t('webhooks.about')}>
      <FormFrame save={save} verb={t('common.create')}>
        <WebhookFields form={form} />
      </FormFrame>
      <SecretOnce title={t('webhooks.secret')} secret={made?.secret ?? null} onClose={() => void go(`/webhooks/${made?.id ?? ''}`)} />
    </Page>
  );
}
