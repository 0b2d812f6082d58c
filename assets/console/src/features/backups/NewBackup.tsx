import { Checkbox } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { PasswordField } from '~/shared/ui/PasswordField';
import { QUIET, useSave } from '~/shared/ui/useSave';

export function NewBackup({ onDone }: { onDone: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm({ mode: 'uncontrolled', initialValues: { with_recordings: false, compact: false, passphrase: '' } });
  const save = useSave(
    form,
    async ({ passphrase, ...rest }) => {
      await need(api.POST('/api/v1/backups', { body: { ...rest, ...(passphrase ? { passphrase } : {}) } }));
      await client.invalidateQueries({ queryKey: ['backups'] });
      onDone();
    },
    QUIET,
  );
  const box = (name: 'with_recordings' | 'compact') => ({ key: form.key(name), ...form.getInputProps(name, { type: 'checkbox' }) });
  return (
    <FormFrame save={save} verb={t('backups.begin')} onCancel={onDone} isBare>
      <Checkbox label={t('backups.recordings')} {...box('with_recordings')} />
      <Checkbox label={t('backups.compact')} {...box('compact')} />
      <PasswordField
        label={t('backups.passphrase')}
        description={t('backups.passphrase.more')}
        autoComplete="new-password"
        key={form.key('passphrase')}
        {...form.getInputProps('passphrase')}
      />
    </FormFrame>
  );
}
