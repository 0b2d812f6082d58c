import { SegmentedControl, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { template, TEMPLATES, type TemplateName } from '~/shared/bots/templates';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { QUIET, useSave } from '~/shared/ui/useSave';

/** A bot from a template, with its name and its first words. */
export function BotStep({ onDone }: { onDone: (bot: Schemas['BotView']) => void }) {
  const t = useT();
  const [kind, setKind] = useState<TemplateName>('reception');
  const [base, setBase] = useState(() => template('reception'));
  const form = useForm({ mode: 'controlled', initialValues: { name: base.name ?? '', opening_message: base.opening_message ?? '', model: '', base_url: base.llm?.base_url ?? '' } });
  const choose = (name: string) => {
    const chosen = template(name as TemplateName);
    setKind(name as TemplateName);
    setBase(chosen);
    form.setValues({ name: chosen.name ?? '', opening_message: chosen.opening_message ?? '', base_url: chosen.llm?.base_url ?? '' });
  };
  const save = useSave(form, async ({ name, opening_message, model, base_url }) => {
    const llm = kind === 'model' ? { provider: 'openai', base_url, model } : base.llm;
    onDone(await need(api.POST('/api/v1/bots', { body: { ...base, status: 'active', name, opening_message, llm } })));
  }, QUIET);
  return (
    <FormFrame save={save} verb={t('setup.bot.do')} isBare>
      <Text>{t('setup.bot.more')}</Text>
      <SegmentedControl
        aria-label={t('template.title')}
        value={kind}
        onChange={choose}
        orientation="vertical"
        data={TEMPLATES.map((value) => ({ value, label: t(`template.${value}`) }))}
      />
      <Text size="sm" c="dimmed">
        {t(`template.${kind}.more`)}
      </Text>
      <TextInput label={t('setup.bot.company')} required {...form.getInputProps('name')} />
      <Textarea label={t('setup.bot.opening')} autosize minRows={2} {...form.getInputProps('opening_message')} />
      {kind === 'model' && (
        <>
          <TextInput label={t('bots.baseUrl')} description={t('bots.baseUrl.more')} {...form.getInputProps('base_url')} />
          <TextInput label={t('bots.model')} required {...form.getInputProps('model')} />
        </>
      )}
    </FormFrame>
  );
}
