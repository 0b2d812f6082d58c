import { Checkbox, MultiSelect, NativeSelect, SimpleGrid, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';

/** What a key can be narrowed down to, as the API names it. */
const SCOPES: Schemas['Scope'][] = ['calls:read', 'calls:write', 'numbers:read', 'transcripts:read', 'routes:read', 'routes:write', 'webhooks:read'];

interface Props {
  onCancel: () => void;
  onMade: (key: string) => void;
}

interface Values extends Record<string, unknown> {
  name: string;
  kind: Schemas['Kind'];
  bot_ids: string[];
  scopes: Schemas['Scope'][];
  expires_at: string;
}

export function NewKey({ onCancel, onMade }: Props) {
  const t = useT();
  const client = useQueryClient();
  const bots = useQuery({ queryKey: ['bots', 'names'], queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })) });
  const form = useForm<Values>({ mode: 'controlled', initialValues: { name: '', kind: 'ak', bot_ids: [], scopes: [], expires_at: '' } });
  const isCrm = form.values.kind === 'vx';
  const save = useSave(form, async ({ name, kind, bot_ids, scopes, expires_at }) => {
    const until = expires_at ? { expires_at: new Date(`${expires_at}T23:59:59`).toISOString() } : {};
    const made = await need(api.POST('/api/v1/api-keys', { body: { name, kind, bot_ids: kind === 'vx' ? bot_ids : [], scopes: kind === 'ak' ? scopes : [], ...until } }));
    await client.invalidateQueries({ queryKey: ['keys'] });
    onMade(made.key);
  });
  return (
    <FormFrame save={save} verb={t('common.create')} onCancel={onCancel} isBare>
      <TextInput label={t('keys.name')} required data-autofocus {...form.getInputProps('name')} />
      <NativeSelect
        label={t('keys.kind')}
        data={(['ak', 'vx'] as const).map((value) => ({ value, label: t(`keys.kind.${value}`) }))}
        {...form.getInputProps('kind')}
      />
      {!isCrm && (
        <Checkbox.Group label={t('keys.scopes')} description={t('keys.scopes.more')} {...form.getInputProps('scopes')}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} my="xs" spacing="xs">
            {SCOPES.map((value) => (
              <Checkbox key={value} value={value} label={t(`keys.scope.${value.replace(':', '.')}`)} />
            ))}
          </SimpleGrid>
        </Checkbox.Group>
      )}
      {isCrm && (
        <MultiSelect
          label={t('keys.bots')}
          description={t('keys.bots.more')}
          data={(bots.data?.data ?? []).map((bot) => ({ value: bot.id, label: bot.name || bot.id }))}
          {...form.getInputProps('bot_ids')}
        />
      )}
      <TextInput type="date" label={t('keys.expires')} {...form.getInputProps('expires_at')} />
    </FormFrame>
  );
}
