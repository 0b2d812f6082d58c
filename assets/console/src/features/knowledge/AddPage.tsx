import { Button, Group, NumberInput, Paper, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { useSave } from '~/shared/ui/useSave';

/** A document that is fetched from an address, once or again and again. */
export function AddPage({ baseId }: { baseId: string }) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm({ mode: 'uncontrolled', initialValues: { url: '', refresh_hours: '' as string | number } });
  const save = useSave(form, async ({ url, refresh_hours }) => {
    const body = { url, ...(refresh_hours === '' ? {} : { refresh_hours: Number(refresh_hours) }) };
    await need(api.POST('/api/v1/knowledge-bases/{kb_id}/documents/from-url', { params: { path: { kb_id: baseId } }, body }));
    form.reset();
    await client.invalidateQueries({ queryKey: ['knowledge'] });
  });
  return (
    <Paper withBorder radius="md" p="md">
      <form onSubmit={save.submit} noValidate>
        <Stack gap="sm">
          {save.error !== null && <ErrorBox error={save.error} />}
          <Group align="flex-start">
            <TextInput label={t('doc.url')} placeholder="https://" flex={1} miw={220} key={form.key('url')} {...form.getInputProps('url')} />
            <NumberInput
              label={t('doc.refresh')}
              description={t('doc.refresh.more')}
              w={240}
              min={1}
              key={form.key('refresh_hours')}
              {...form.getInputProps('refresh_hours')}
            />
            <Button type="submit" mt={25} variant="default" loading={save.isBusy}>
              {t('doc.url.add')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
