import { Alert, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { QUIET, useSave } from '~/shared/ui/useSave';

type Advice = Schemas['Advice'];
const COLOURS: Record<string, string> = { allow: 'teal', wait: 'blue', refuse: 'red' };

/** Asks the gate beforehand what it would say to a call. */
export function GateCheck() {
  const t = useT();
  const [advice, setAdvice] = useState<Advice | null>(null);
  const form = useForm({ mode: 'uncontrolled', initialValues: { phone: '', at: '' } });
  const ask = useSave(
    form,
    async ({ phone, at }) => {
      setAdvice(null);
      const body = { phone, ...(at ? { at: new Date(at).toISOString() } : {}) };
      setAdvice(await need(api.POST('/api/v1/outbound-gate/check', { body })));
    },
    QUIET,
  );
  return (
    <Stack>
      <Text c="dimmed">{t('lists.check.about')}</Text>
      <Paper withBorder radius="md" p="md">
        <form onSubmit={ask.submit} noValidate>
          <Stack gap="sm">
            {ask.error !== null && <ErrorBox error={ask.error} />}
            <Group align="flex-start">
              <TextInput label={t('lists.phone')} description={t('lists.phone.more')} w={280} key={form.key('phone')} {...form.getInputProps('phone')} />
              <TextInput
                type="datetime-local"
                label={t('lists.check.at')}
                description={t('lists.check.at.more')}
                key={form.key('at')}
                {...form.getInputProps('at')}
              />
              <Button type="submit" mt={25} loading={ask.isBusy}>
                {t('lists.check.do')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Paper>
      {advice && <Verdict advice={advice} />}
    </Stack>
  );
}

function Verdict({ advice }: { advice: Advice }) {
  const t = useT();
  const format = useFormat();
  return (
    <Alert color={COLOURS[advice.verdict] ?? 'gray'} title={t(`lists.verdict.${advice.verdict}`)} role="status" data-testid="verdict">
      <Stack gap={4}>
        {advice.sentence && <Text size="sm">{advice.sentence}</Text>}
        {advice.wait_until && <Text size="sm">{t('lists.check.until', { at: format.when(advice.wait_until) })}</Text>}
        {advice.country && (
          <Text size="sm">
            {t('lists.check.country')}: {advice.country}
          </Text>
        )}
        {advice.time_zones.length > 0 && (
          <Text size="sm">
            {t('lists.check.zones')}: {advice.time_zones.join(', ')}
          </Text>
        )}
      </Stack>
    </Alert>
  );
}
