import { Alert, Button, Stack, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { session } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { PasswordField } from '~/shared/ui/PasswordField';

/** Name and password. `name` is fixed where only the same person may come back. */
export function PasswordForm({ name }: { name?: string }) {
  const t = useT();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const typed = (field: string) => (form.get(field) as string | null) ?? '';
    setBusy(true);
    const said = await session.withPassword(name ?? typed('username'), typed('password'));
    setBusy(false);
    setProblem(said === 'network' ? t('error.network') : said);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {problem !== null && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        {name === undefined && <TextInput name="username" label={t('auth.name')} autoComplete="username" required withAsterisk={false} data-autofocus />}
        <PasswordField
          name="password"
          label={t('auth.password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
        />
        <Button type="submit" loading={isBusy}>
          {t('auth.signIn')}
        </Button>
      </Stack>
    </form>
  );
}
