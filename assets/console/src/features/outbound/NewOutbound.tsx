import { NativeSelect, NumberInput, SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { Page } from '~/shared/ui/Page';
import { told } from '~/shared/ui/told';
import { useSave } from '~/shared/ui/useSave';

const EMPTY = { phone: '', displayName: '', email: '', botId: '', systemPrompt: '', scheduleAt: '', retries: '', retryDelayMinutes: '', maxSeconds: '' };
type Values = typeof EMPTY;

/** Only what was filled in is sent; the box has defaults for the rest. */
function bodyOf(values: Values): Schemas['OutboundBody'] {
  const { scheduleAt, retries, retryDelayMinutes, maxSeconds, ...texts } = values;
  const filled = Object.fromEntries(Object.entries(texts).filter(([, value]) => value.trim() !== ''));
  const numbers = Object.fromEntries(
    Object.entries({ retries, retryDelayMinutes, maxSeconds })
      .filter(([, value]) => String(value) !== '')
      .map(([name, value]) => [name, Number(value)]),
  );
  return { ...filled, ...numbers, ...(scheduleAt ? { scheduleAtUtc: new Date(scheduleAt).toISOString() } : {}) };
}

export default function NewOutbound() {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const bots = useQuery({ queryKey: ['bots', 'names'], queryFn: () => need(api.GET('/api/v1/bots', { params: { query: { limit: '500' } } })) });
  const form = useForm<Values>({ mode: 'uncontrolled', initialValues: EMPTY });
  const save = useSave(form, async (values) => {
    await need(api.POST('/api.ashx/v1/calls', { body: bodyOf(values) }));
    told(t('outbound.placed'));
    await client.invalidateQueries({ queryKey: ['outbound'] });
    await go('/outbound');
  });
  const field = (name: keyof Values) => ({ key: form.key(name), ...form.getInputProps(name) });
  const choices = (bots.data?.data ?? []).filter((bot) => bot.status === 'active').map((bot) => ({ value: bot.id, label: bot.name || bot.id }));
  return (
    <Page title={t('outbound.new')} about={t('outbound.about')}>
      <FormFrame save={save} verb={t('outbound.place')} onCancel={() => void go('/outbound')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('outbound.phone')} description={t('outbound.phone.more')} type="tel" required {...field('phone')} />
          <TextInput label={t('outbound.name')} description={t('outbound.name.more')} {...field('displayName')} />
          <NativeSelect label={t('outbound.bot')} data={[{ value: '', label: t('outbound.bot.default') }, ...choices]} {...field('botId')} />
          <TextInput label={t('outbound.email')} type="email" {...field('email')} />
        </SimpleGrid>
        <Textarea label={t('outbound.prompt')} description={t('outbound.prompt.more')} autosize minRows={3} {...field('systemPrompt')} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput type="datetime-local" label={t('outbound.when')} description={t('outbound.when.more')} {...field('scheduleAt')} />
          <NumberInput label={t('outbound.most')} min={1} {...field('maxSeconds')} />
          <NumberInput label={t('outbound.retries')} min={0} {...field('retries')} />
          <NumberInput label={t('outbound.delay')} min={1} {...field('retryDelayMinutes')} />
        </SimpleGrid>
      </FormFrame>
    </Page>
  );
}
