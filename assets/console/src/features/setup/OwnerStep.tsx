import { Anchor, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link } from 'react-router';
import { api, need } from '~/shared/api/client';
import { session } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { PasswordField } from '~/shared/ui/PasswordField';
import { QUIET, useSave } from '~/shared/ui/useSave';

/** Whoever holds the setup token becomes the owner, and is signed in at once. */
export function OwnerStep({ onDone }: { onDone: () => void }) {
  const t = useT();
  const form = useForm({ mode: 'uncontrolled', initialValues: { token: '', name: '', email: '', password: '' } });
  const save = useSave(form, async (values) => {
    const body = { ...values, token: values.token.trim() };
    await need(api.POST('/api/v1/setup', { body }));
    const problem = await session.withPassword(body.name, body.password);
    if (problem !== null) throw new Error(problem === 'network' ? t('error.network') : problem);
    onDone();
  }, QUIET);
  const field = (name: 'token' | 'name' | 'email' | 'password') => ({ key: form.key(name), ...form.getInputProps(name) });
  return (
    <FormFrame save={save} verb={t('setup.owner.do')} isBare>
      <Text>{t('setup.owner.more')}</Text>
      <TextInput label={t('setup.token')} required autoComplete="off" spellCheck={false} {...field('token')} />
      <TextInput label={t('setup.name')} required autoComplete="username" {...field('name')} />
      <TextInput label={t('setup.email')} type="email" required autoComplete="email" {...field('email')} />
      <PasswordField
        label={t('setup.password')}
        description={t('users.password.more')}
        required
        autoComplete="new-password"
        {...field('password')}
      />
      <Text size="sm">
        {t('setup.have')}{' '}
        <Anchor component={Link} to="/" underline="always">
          {t('auth.signIn')}
        </Anchor>
      </Text>
    </FormFrame>
  );
}
