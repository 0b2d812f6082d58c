import { Alert, Anchor, Button, Group, List, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { download } from '~/shared/api/download';
import { useT } from '~/shared/i18n';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { IconDownload } from '~/shared/ui/icons';
import { Section } from '~/shared/ui/Section';
import { QUIET, useSave } from '~/shared/ui/useSave';
import { Sure } from './Sure';

type View = Schemas['ErasureView'];
const CHOICES = ['hash', 'keep', 'remove'] as const;

/** Whose data it is, what becomes of it, and what became of it. */
export function Person() {
  const t = useT();
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const [done, setDone] = useState<View | null>(null);
  const form = useForm({ mode: 'controlled', initialValues: { phone: '', do_not_call: 'hash' as (typeof CHOICES)[number] } });
  const phone = form.values.phone.trim();
  const erase = useSave(
    form,
    async (order) => {
      setAsked(false);
      setDone(null);
      setDone(await need(api.POST('/api/v1/erasures', { body: { ...order, phone: order.phone.trim() } })));
      form.reset();
      await client.invalidateQueries();
    },
    QUIET,
  );
  const file = useMutation({ mutationFn: () => download('/api/v1/erasures/export', { phone }, 'person.json', 'application/json') });
  return (
    <Section title={t('privacy.person')} about={t('privacy.person.more')}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (phone) setAsked(true);
          else erase.submit();
        }}
      >
        <Stack gap="sm">
          {erase.error !== null && <ErrorBox error={erase.error} />}
          {file.isError && <ErrorBox error={file.error} />}
          <Group align="flex-start">
            <TextInput label={t('privacy.phone')} description={t('privacy.phone.more')} w={300} autoComplete="off" {...form.getInputProps('phone')} />
            <NativeSelect
              label={t('privacy.dnc')}
              description={t('privacy.dnc.more')}
              data={CHOICES.map((value) => ({ value, label: t(`privacy.dnc.${value}`) }))}
              {...form.getInputProps('do_not_call')}
            />
          </Group>
          <Group>
            <Button variant="default" leftSection={<IconDownload size={16} />} disabled={phone === ''} loading={file.isPending} onClick={() => file.mutate()}>
              {t('privacy.export')}
            </Button>
            <Button type="submit" color="red" loading={erase.isBusy}>
              {t('privacy.erase')}
            </Button>
          </Group>
        </Stack>
      </form>
      <Sure key={phone} isOpen={asked} phone={phone} onClose={() => setAsked(false)} onYes={() => erase.submit()} />
      {done && <Outcome view={done} />}
    </Section>
  );
}

const COUNTS = ['calls', 'recordings', 'transcripts', 'orders', 'deliveries', 'mails'] as const;

function Outcome({ view }: { view: View }) {
  const t = useT();
  return (
    <Alert mt="md" color={view.n_held > 0 ? 'orange' : 'teal'} title={t('privacy.erased', { end: view.phone_end })} role="status">
      <List size="sm">
        {COUNTS.map((name) => (
          <List.Item key={name}>{t(`privacy.n.${name}`, { n: view[`n_${name}`] })}</List.Item>
        ))}
      </List>
      {view.n_held > 0 && (
        <Text size="sm" mt="xs">
          {t('privacy.stayed', { n: view.n_held })}{' '}
          {(view.held ?? []).map((id) => (
            <Anchor key={id} component={Link} to={`/calls/${id}`} size="sm" mr="xs" className="mono" underline="always">
              {id}
            </Anchor>
          ))}
        </Text>
      )}
    </Alert>
  );
}
