import { Button, Group, Paper, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useT } from '~/shared/i18n';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { IconPlus } from '~/shared/ui/icons';
import { useSave } from '~/shared/ui/useSave';

interface Props {
  queryKey: string;
  hasNote?: boolean;
  add: (entry: { phone: string; note: string }) => Promise<unknown>;
}

/** One more number for a list, in one line. */
export function AddNumber({ queryKey, hasNote, add }: Props) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm({ mode: 'uncontrolled', initialValues: { phone: '', note: '' } });
  const save = useSave(form, async (entry) => {
    await add(entry);
    form.reset();
    await client.invalidateQueries({ queryKey: [queryKey] });
  });
  return (
    <Paper withBorder radius="md" p="md">
      <form onSubmit={save.submit} noValidate>
        <Stack gap="sm">
          {save.error !== null && <ErrorBox error={save.error} />}
          <Group align="flex-start">
            <TextInput label={t('lists.phone')} description={t('lists.phone.more')} w={280} key={form.key('phone')} {...form.getInputProps('phone')} />
            {hasNote && (
              <TextInput
                label={t('lists.note')}
                description={t('lists.note.more')}
                flex={1}
                miw={200}
                key={form.key('note')}
                {...form.getInputProps('note')}
              />
            )}
            <Button type="submit" mt={25} loading={save.isBusy} leftSection={<IconPlus size={16} />}>
              {t('lists.add')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
