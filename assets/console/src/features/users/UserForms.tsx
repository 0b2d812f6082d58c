import { NativeSelect, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe, type Role } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { PasswordField } from '~/shared/ui/PasswordField';
import { useSave } from '~/shared/ui/useSave';

type View = Schemas['UserView'];
const ROLES: Role[] = ['agent', 'supervisor', 'admin', 'super_admin'];

/** A new person, or changes to one. Nobody gives away a higher role than their own. */
export function UserForm({ stored, onDone }: { stored: View | null; onDone: () => void }) {
  const t = useT();
  const me = useMe();
  const client = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: stored?.name ?? '', email: stored?.email ?? '', role: stored?.role ?? 'agent', password: '' },
  });
  const save = useSave(form, async ({ name, email, role, password }) => {
    if (stored) await need(api.PUT('/api/v1/users/{id}', { params: { path: { id: stored.id } }, body: { name, email, role } }));
    else await need(api.POST('/api/v1/users', { body: { name, email, role, password } }));
    await client.invalidateQueries({ queryKey: ['users'] });
    onDone();
  });
  const field = (name: 'name' | 'email' | 'role' | 'password') => ({ key: form.key(name), ...form.getInputProps(name) });
  return (
    <FormFrame save={save} onCancel={onDone} verb={stored ? undefined : t('common.create')} isBare>
      <TextInput label={t('users.name')} required autoComplete="off" {...field('name')} />
      <TextInput label={t('users.email')} type="email" required autoComplete="off" {...field('email')} />
      <NativeSelect
        label={t('users.role')}
        data={ROLES.filter((role) => ranks(me.role, role)).map((value) => ({ value, label: t(`role.${value}`) }))}
        {...field('role')}
      />
      {!stored && <NewPasswordField {...field('password')} />}
    </FormFrame>
  );
}

/** Another password for somebody who has lost theirs. */
export function ResetForm({ id, onDone }: { id: string; onDone: () => void }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { new_password: '' } });
  const save = useSave(form, async (body) => {
    await need(api.POST('/api/v1/users/{id}/reset-password', { params: { path: { id } }, body }));
    onDone();
  });
  return (
    <FormFrame save={save} onCancel={onDone} isBare>
      <NewPasswordField key={form.key('new_password')} {...form.getInputProps('new_password')} />
    </FormFrame>
  );
}

function NewPasswordField(props: Record<string, unknown>) {
  const t = useT();
  return (
    <PasswordField
      label={t('users.password')}
      description={t('users.password.more')}
      required
      autoComplete="new-password"
      {...props}
    />
  );
}
