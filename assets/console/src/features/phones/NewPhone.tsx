import { Autocomplete } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';

interface Props {
  onCancel: () => void;
  onMade: (phone: Schemas['PhoneSecret']) => void;
}

export function NewPhone({ onCancel, onMade }: Props) {
  const t = useT();
  const client = useQueryClient();
  const users = useQuery({ queryKey: ['users', 'names'], queryFn: () => need(api.GET('/api/v1/users', { params: { query: { limit: '500' } } })) });
  const form = useForm({ mode: 'uncontrolled', initialValues: { user: '' } });
  const save = useSave(form, async (body) => {
    const made = await need(api.POST('/api/v1/phones', { body }));
    await client.invalidateQueries({ queryKey: ['phones'] });
    onMade(made);
  });
  return (
    <FormFrame save={save} verb={t('common.create')} onCancel={onCancel} isBare>
      <Autocomplete
        label={t('phones.user')}
        description={t('phones.user.more')}
        required
        data-autofocus
        data={(users.data?.data ?? []).map((user) => user.name)}
        key={form.key('user')}
        {...form.getInputProps('user')}
      />
    </FormFrame>
  );
}
