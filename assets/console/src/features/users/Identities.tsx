import { Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Deletable } from '~/shared/ui/Deletable';
import { FormFrame } from '~/shared/ui/FormFrame';
import { Loaded } from '~/shared/ui/Loaded';
import { useSave } from '~/shared/ui/useSave';

/** As whom a person signs in at another identity provider: what is linked, and another link. */
export function Identities({ id }: { id: string }) {
  const t = useT();
  const list = useQuery({ queryKey: ['users', 'identities', id], queryFn: () => need(api.GET('/api/v1/users/{id}/foreign-identities', { params: { path: { id } } })) });
  return (
    <Stack gap="sm" component="section" aria-label={t('identities.title')}>
      <div>
        <Text fw={600} size="sm">
          {t('identities.title')}
        </Text>
        <Text size="xs" c="dimmed">
          {t('identities.more')}
        </Text>
      </div>
      <Loaded query={list} lines={1}>
        {(known) => known.map((identity) => <Known key={`${identity.issuer} ${identity.subject}`} id={id} identity={identity} />)}
      </Loaded>
      <Add id={id} />
    </Stack>
  );
}

function Known({ id, identity }: { id: string; identity: Schemas['IdentityView'] }) {
  const client = useQueryClient();
  const { issuer, subject } = identity;
  const remove = async () => {
    await need(api.DELETE('/api/v1/users/{id}/foreign-identities', { params: { path: { id }, query: { issuer, subject } } }));
    await client.invalidateQueries({ queryKey: ['users', 'identities', id] });
  };
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm" className="words">
        {subject} · {issuer}
      </Text>
      <Deletable isSmall name={subject} onDelete={remove} />
    </Group>
  );
}

function Add({ id }: { id: string }) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm({ mode: 'uncontrolled', initialValues: { issuer: '', subject: '' } });
  const save = useSave(form, async (body) => {
    await need(api.POST('/api/v1/users/{id}/foreign-identities', { params: { path: { id } }, body }));
    await client.invalidateQueries({ queryKey: ['users', 'identities', id] });
    form.reset();
  });
  return (
    <FormFrame save={save} verb={t('identities.add')} isBare>
      <Group grow align="flex-start">
        <TextInput label={t('identities.issuer')} placeholder="https://login.example.com" key={form.key('issuer')} {...form.getInputProps('issuer')} />
        <TextInput label={t('identities.subject')} key={form.key('subject')} {...form.getInputProps('subject')} />
      </Group>
    </FormFrame>
  );
}
