import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, need } from '~/shared/api/client';
import { useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Section } from '~/shared/ui/Section';
import { told } from '~/shared/ui/told';
import { QUIET, useSave } from '~/shared/ui/useSave';

/** Tries the mail server out with one mail. */
export function MailTest() {
  const t = useT();
  const me = useMe();
  const form = useForm({ mode: 'uncontrolled', initialValues: { to: me.email } });
  const send = useSave(
    form,
    async (body) => {
      const tried = await need(api.POST('/api/v1/settings/mail/test', { body }));
      told(t('settings.mail.tested', { to: tried.to }));
    },
    QUIET,
  );
  return (
    <Stack maw={860} mt="lg">
      <Section title={t('settings.mail.test')}>
        <form onSubmit={send.submit} noValidate>
          <Stack gap="sm">
            {send.error !== null && <ErrorBox error={send.error} />}
            <Group align="flex-end">
              <TextInput type="email" label={t('settings.mail.test.to')} w={320} key={form.key('to')} {...form.getInputProps('to')} />
              <Button type="submit" variant="default" loading={send.isBusy}>
                {t('settings.mail.test')}
              </Button>
            </Group>
            <Text size="sm" c="dimmed">
              {t('settings.mail.test.more')}
            </Text>
          </Stack>
        </form>
      </Section>
    </Stack>
  );
}
