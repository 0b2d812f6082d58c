import { Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { QUIET, useSave } from '~/shared/ui/useSave';

/** A number for the bot; calls that nothing else takes go there too. */
export function NumberStep({ bot, onDone }: { bot: Schemas['BotView']; onDone: (number: Schemas['NumberView']) => void }) {
  const t = useT();
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: bot.name ?? '', number: '100' } });
  const save = useSave(form, async ({ name, number }) => {
    const made = await need(api.POST('/api/v1/numbers', { body: { name, number, bot_id: bot.id, visibility: 'public', save_transcripts: true } }));
    // The description lends this body the name of another one; only `user` counts here.
    await need(api.PUT('/api.ashx/v1/inbound-routes/{did}', { params: { path: { did: '*' } }, body: { user: name } as never }));
    onDone(made);
  }, QUIET);
  return (
    <FormFrame save={save} verb={t('setup.number.do')} isBare>
      <Text>{t('setup.number.more')}</Text>
      <TextInput label={t('numbers.number')} required key={form.key('number')} {...form.getInputProps('number')} />
      <TextInput label={t('numbers.name')} description={t('numbers.name.more')} required key={form.key('name')} {...form.getInputProps('name')} />
      <Text size="sm" c="dimmed">
        {t('setup.call.catch')}
      </Text>
    </FormFrame>
  );
}
