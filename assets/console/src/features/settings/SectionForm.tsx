import { Button, Group, Paper, SimpleGrid, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { useSave } from '~/shared/ui/useSave';
import { Field } from './Field';
import { changesOf, fieldsOf, keysOf, kindOf, type SectionView, type Values } from './model';

interface Props {
  section: string;
  view: SectionView;
  mayEdit: boolean;
}

/** One section. Only what was changed is sent, so that two people may change different keys. */
export function SectionForm({ section, view, mayEdit }: Props) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm<Values>({ mode: 'controlled', initialValues: fieldsOf(section, view) });
  const bots = useQuery({
    queryKey: ['bots', 'names'],
    queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })),
    enabled: keysOf(view).some((name) => kindOf(section, name, view[name]) === 'bot'),
  });
  const put = async (body: Record<string, unknown>) => {
    const saved = await need(api.PUT('/api/v1/settings/{section}', { params: { path: { section } }, body: body as never }));
    const fresh = saved as unknown as SectionView;
    client.setQueryData<Record<string, SectionView>>(['settings', 'all'], (old) => ({ ...old, [section]: fresh }));
    form.setInitialValues(fieldsOf(section, fresh));
    form.setValues(fieldsOf(section, fresh));
    await client.invalidateQueries({ queryKey: ['settings'] });
  };
  const save = useSave(form, (fields) => put(changesOf(section, view, fields)));
  const choices = (bots.data?.data ?? []).map((bot) => ({ value: bot.id, label: bot.name || bot.id }));
  return (
    <Paper withBorder radius="md" p="lg" maw={860}>
      <form onSubmit={save.submit} noValidate>
        <Stack>
          {save.error !== null && <ErrorBox error={save.error} />}
          <SimpleGrid cols={{ base: 1, sm: 2 }} verticalSpacing="md">
            {keysOf(view).map((name) => (
              <Field
                key={name}
                section={section}
                name={name}
                value={view[name]}
                state={view.keys[name]}
                props={{ ...form.getInputProps(name) }}
                bots={choices}
                mayEdit={mayEdit}
                onReset={() => put({ [name]: null })}
              />
            ))}
          </SimpleGrid>
          {mayEdit && (
            <Group justify="flex-end">
              <Button type="submit" loading={save.isBusy} disabled={!form.isDirty()}>
                {t('common.save')}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Paper>
  );
}
