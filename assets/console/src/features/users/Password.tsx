import { useForm } from '@mantine/form';
import { api, need } from '~/shared/api/client';
import { session, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { Page } from '~/shared/ui/Page';
import { PasswordField } from '~/shared/ui/PasswordField';
import { useSave } from '~/shared/ui/useSave';

/** One's own password. The tokens made before are void, so this session gets new ones at once. */
export default function Password() {
  const t = useT();
  const me = useMe();
  const form = useForm({ mode: 'uncontrolled', initialValues: { current_password: '', new_password: '' } });
  const save = useSave(form, async (body) => {
    await need(api.PUT('/api/v1/auth/me/password', { body }));
    await session.withPassword(me.name, body.new_password);
    form.reset();
  });
  return (
    <Page title={t('password.title')} about={t('password.about')}>
      <FormFrame save={save}>
        <PasswordField
          label={t('password.old')}
          autoComplete="current-password"
          required
          key={form.key('current_password')}
          {...form.getInputProps('current_password')}
        />
        <PasswordField
          label={t('password.new')}
          description={t('users.password.more')}
          autoComplete="new-password"
          required
          key={form.key('new_password')}
          {...form.getInputProps('new_password')}
        />
      </FormFrame>
    </Page>
  );
}
