import { NativeSelect, NumberInput, SimpleGrid, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';

type Body = Schemas['NumberBody'];
type View = Schemas['NumberView'];

export interface Choice {
  value: string;
  label: string;
}

/** What the form shows of a number; the rest of a stored one is sent back as it was. */
function fieldsOf(stored: View | null) {
  return {
    name: stored?.name ?? '',
    number: stored?.number ?? '',
    mode: stored?.mode ?? ('live-voice-ai' as const),
    bot_id: stored?.bot_id ?? '',
    visibility: stored?.visibility ?? ('public' as const),
    voice: stored?.voice ?? '',
    language: stored?.language ?? '',
    system_prompt: stored?.system_prompt ?? '',
    opening_message: stored?.opening_message ?? '',
    text: stored?.text ?? '',
    loop: stored?.loop ?? false,
    recording_mode: stored?.recording_mode ?? '',
    save_transcripts: stored?.save_transcripts ?? true,
    max_duration_sec: stored?.max_duration_sec ?? 3500,
    start_ms: stored?.start_ms ?? ('' as number | ''),
    transfers: transfersOf(stored?.transfer_allowed),
    transfer_allowed: (stored?.transfer_allowed ?? []).join('\n'),
  };
}
type Fields = ReturnType<typeof fieldsOf>;
const TRANSFERS = ['own', 'only', 'nowhere'] as const;

/** Where calls of a number may be transferred: wherever the bot may, nowhere, or to what is listed. */
function transfersOf(allowed: string[] | null | undefined): (typeof TRANSFERS)[number] {
  if (!allowed) return 'own';
  return allowed.length > 0 ? 'only' : 'nowhere';
}

function bodyOf(fields: Fields, stored: View | null): Body {
  const { id: _id, created_at: _c, updated_at: _u, ...rest } = stored ?? ({} as View);
  const isText = fields.mode === 'tts';
  const { transfers, ...plain } = fields;
  const listed = fields.transfer_allowed.split('\n').map((line) => line.trim()).filter(Boolean);
  return {
    ...rest,
    ...plain,
    start_ms: fields.start_ms === '' ? null : fields.start_ms,
    transfer_allowed: transfers === 'own' ? null : transfers === 'only' ? listed : [],
    loop: isText && fields.loop,
    bot_id: fields.bot_id || null,
    recording_mode: (fields.recording_mode || null) as Body['recording_mode'],
  };
}

export function NumberForm({ stored, bots }: { stored: View | null; bots: Choice[] }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const form = useForm<Fields>({ mode: 'controlled', initialValues: stored ? fieldsOf(stored) : { ...fieldsOf(null), bot_id: bots[0]?.value ?? '' } });
  const save = useSave(form, async (fields) => {
    const body = bodyOf(fields, stored);
    const saved = stored
      ? await need(api.PUT('/api/v1/numbers/{id}', { params: { path: { id: stored.id } }, body }))
      : await need(api.POST('/api/v1/numbers', { body }));
    await client.invalidateQueries({ queryKey: ['numbers'] });
    await go(`/numbers/${saved.id}`);
  });
  const field = (name: keyof Fields) => form.getInputProps(name);
  const isText = form.values.mode === 'tts';
  const recording = ['off', 'announce', 'ask'].map((value) => ({ value, label: t(`bots.recording.${value}`) }));
  return (
    <FormFrame save={save} verb={stored ? undefined : t('common.create')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label={t('numbers.name')} description={t('numbers.name.more')} required {...field('name')} />
        <TextInput label={t('numbers.number')} description={t('numbers.number.more')} required {...field('number')} />
        <NativeSelect
          label={t('numbers.mode')}
          data={(['live-voice-ai', 'tts'] as const).map((value) => ({ value, label: t(`numbers.mode.${value}`) }))}
          {...field('mode')}
        />
        {!isText && <NativeSelect label={t('numbers.bot')} data={[...bots, { value: '', label: t('numbers.bot.default') }]} {...field('bot_id')} />}
      </SimpleGrid>
      {isText ? (
        <>
          <Textarea label={t('numbers.text')} autosize minRows={3} {...field('text')} />
          <Switch label={t('numbers.loop')} {...form.getInputProps('loop', { type: 'checkbox' })} />
        </>
      ) : (
        <>
          <Textarea label={t('numbers.opening')} placeholder={t('numbers.own')} autosize {...field('opening_message')} />
          <Textarea label={t('numbers.prompt')} placeholder={t('numbers.own')} autosize minRows={2} {...field('system_prompt')} />
        </>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NativeSelect
          label={t('numbers.visibility')}
          data={(['public', 'signed-in'] as const).map((value) => ({ value, label: t(`numbers.visibility.${value}`) }))}
          {...field('visibility')}
        />
        <NativeSelect label={t('numbers.recording')} data={[{ value: '', label: t('numbers.own') }, ...recording]} {...field('recording_mode')} />
        <TextInput label={t('numbers.voice')} placeholder={t('numbers.own')} {...field('voice')} />
        <TextInput label={t('numbers.language')} placeholder={t('numbers.own')} {...field('language')} />
        <NumberInput label={t('numbers.most')} description={t('numbers.most.more')} min={1} max={14_400} {...field('max_duration_sec')} />
        <NumberInput label={t('numbers.start')} description={t('numbers.start.more')} min={0} max={30_000} step={100} {...field('start_ms')} />
        <NativeSelect
          label={t('numbers.transfers')}
          data={TRANSFERS.map((value) => ({ value, label: t(`numbers.transfers.${value}`) }))}
          {...field('transfers')}
        />
        {form.values.transfers === 'only' && (
          <Textarea label={t('numbers.targets')} description={t('numbers.targets.more')} autosize minRows={2} {...field('transfer_allowed')} />
        )}
        <Switch label={t('numbers.transcripts')} mt={{ sm: 28 }} {...form.getInputProps('save_transcripts', { type: 'checkbox' })} />
      </SimpleGrid>
    </FormFrame>
  );
}
