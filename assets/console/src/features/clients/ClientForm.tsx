import { Checkbox, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';

type View = Schemas['ClientView'];

interface Props {
  stored: View | null;
  onCancel: () => void;
  onDone: (made: Schemas['RegisteredClient'] | null) => void;
}

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** A new client, or changes to one. */
export function ClientForm({ stored, onCancel, onDone }: Props) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: {
      client_id: '',
      description: stored?.description ?? '',
      redirect_uris: (stored?.redirect_uris ?? []).join('\n'),
      post_logout_redirect_uris: (stored?.post_logout_redirect_uris ?? []).join('\n'),
      confidential: false,
      api_access: stored?.api_access ?? false,
    },
  });
  const save = useSave(form, async ({ client_id, description, redirect_uris, post_logout_redirect_uris, confidential, api_access }) => {
    const common = { description, redirect_uris: lines(redirect_uris), post_logout_redirect_uris: lines(post_logout_redirect_uris), api_access };
    const made = stored
      ? await need(api.PATCH('/api/v1/oidc/clients/{client_id}', { params: { path: { client_id: stored.client_id } }, body: common })).then(() => null)
      : await need(api.POST('/api/v1/oidc/clients', { body: { ...common, confidential, ...(client_id.trim() ? { client_id: client_id.trim() } : {}) } }));
    await client.invalidateQueries({ queryKey: ['clients'] });
    onDone(made);
  });
  const field = (name: keyof typeof form.values) => ({ key: form.key(name), ...form.getInputProps(name) });
  const box = (name: 'confidential' | 'api_access') => ({ key: form.key(name), ...form.getInputProps(name, { type: 'checkbox' }) });
  return (
    <FormFrame save={save} verb={stored ? undefined : t('common.create')} onCancel={onCancel} isBare>
      <TextInput label={t('clients.name')} data-autofocus {...field('description')} />
      {!stored && <TextInput label={t('clients.id')} description={t('clients.id.more')} {...field('client_id')} />}
      <Textarea label={t('clients.redirects')} description={t('clients.lines')} autosize minRows={2} required {...field('redirect_uris')} />
      <Textarea label={t('clients.outs')} description={t('clients.lines')} autosize minRows={2} {...field('post_logout_redirect_uris')} />
      {!stored && <Checkbox label={t('clients.confidential')} {...box('confidential')} />}
      <Checkbox label={t('clients.api')} {...box('api_access')} />
    </FormFrame>
  );
}
