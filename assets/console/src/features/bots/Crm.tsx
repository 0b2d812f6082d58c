import { NumberInput, SimpleGrid, Stack, Switch, Text, TextInput, NativeSelect } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import type { BotBody } from '~/shared/bots/templates';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { errorsUnder, Pairs } from '~/shared/ui/Pairs';
import { Section } from '~/shared/ui/Section';
import { useSave } from '~/shared/ui/useSave';
import { prefetchFields, prefetchOf, pushFields, pushOf, type Prefetch, type PrefetchFields, type Push, type PushFields } from './crm';
import { DryRun } from './DryRun';
import { PushAuth } from './PushAuth';
import { bodyOf } from './view';

type View = Schemas['BotView'];
type Fields = { asks: boolean; tells: boolean; prefetch: PrefetchFields; push: PushFields };

/** What the CRM is asked when a call begins, and what it is told when it is over. */
export function Crm({ stored }: { stored: View }) {
  const t = useT();
  const client = useQueryClient();
  const body = bodyOf(stored) as BotBody & { crm_prefetch?: Prefetch | null; post_call_push?: Push | null };
  const form = useForm<Fields>({
    mode: 'controlled',
    initialValues: {
      asks: body.crm_prefetch?.enabled === true,
      tells: body.post_call_push?.enabled === true,
      prefetch: prefetchFields(body.crm_prefetch),
      push: pushFields(body.post_call_push),
    },
  });
  const { asks, tells, prefetch, push } = form.values;
  const wanted = pushOf(push, body.post_call_push);
  const save = useSave(form, async () => {
    const off = <T extends object>(block: T | null | undefined) => (block ? { ...block, enabled: false } : null);
    const changed = {
      ...body,
      crm_prefetch: asks ? prefetchOf(prefetch, body.crm_prefetch) : off(body.crm_prefetch),
      post_call_push: tells ? wanted : off(body.post_call_push),
    };
    await need(api.PUT('/api/v1/bots/{id}', { params: { path: { id: stored.id } }, body: changed }));
    await client.invalidateQueries({ queryKey: ['bots'] });
  });
  return (
    <Stack maw={860}>
      <FormFrame save={save} verb={t('bots.saveAndUse')}>
        <Switch label={t('crm.asks')} description={t('crm.asks.more')} {...form.getInputProps('asks', { type: 'checkbox' })} />
        {asks && <PrefetchForm form={form} errors={errorsUnder(form.errors, 'crm_prefetch.params')} />}
        <Switch label={t('crm.tells')} description={t('crm.tells.more')} {...form.getInputProps('tells', { type: 'checkbox' })} />
        {tells && <PushForm form={form} errors={errorsUnder(form.errors, 'post_call_push.key_mapper')} />}
      </FormFrame>
      {tells && <DryRun botId={stored.id} push={wanted} />}
    </Stack>
  );
}

type Form = ReturnType<typeof useForm<Fields>>;

function PrefetchForm({ form, errors }: { form: Form; errors: Record<string, string> }) {
  const t = useT();
  const { prefetch } = form.values;
  const at = (name: keyof PrefetchFields) => ({ ...form.getInputProps(`prefetch.${name}`), error: errorAt(form.errors, `crm_prefetch.${name}`) });
  const rows = { name: t('crm.param'), value: t('crm.value') };
  return (
    <Section title={t('crm.asks')}>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('crm.url')} placeholder="https://crm.example.com/lookup" {...at('url')} />
          <NativeSelect label={t('crm.method')} data={['GET', 'POST']} {...at('method')} />
          <TextInput label={t('crm.path')} description={t('crm.path.more')} placeholder="data.customer" {...at('response_path')} />
          <NumberInput label={t('crm.timeout')} min={500} max={10_000} step={500} {...at('timeout_ms')} />
        </SimpleGrid>
        <Pairs label={t('crm.params')} pairs={prefetch.params} names={rows} errors={errors} onChange={(pairs) => form.setFieldValue('prefetch.params', pairs)} />
        <Pairs label={t('crm.headers')} pairs={prefetch.headers} names={rows} onChange={(pairs) => form.setFieldValue('prefetch.headers', pairs)} />
      </Stack>
    </Section>
  );
}

function PushForm({ form, errors }: { form: Form; errors: Record<string, string> }) {
  const t = useT();
  const { push } = form.values;
  const at = (name: keyof PushFields) => ({ ...form.getInputProps(`push.${name}`), error: errorAt(form.errors, `post_call_push.${name}`) });
  const rows = { name: t('crm.field'), value: t('crm.value') };
  return (
    <Section title={t('crm.tells')}>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('crm.url')} placeholder="https://crm.example.com/calls" {...at('url')} />
          <NativeSelect label={t('crm.method')} data={['POST', 'PUT', 'PATCH']} {...at('method')} />
          <NativeSelect label={t('crm.format')} data={['json', 'form']} {...at('body_format')} />
          <NumberInput label={t('crm.attempts')} min={1} max={10} {...at('max_attempts')} />
          <NumberInput label={t('crm.timeout')} min={500} max={60_000} step={500} {...at('timeout_ms')} />
          <TextInput label={t('crm.backoff')} description={t('crm.backoff.more')} placeholder="30, 120, 600" {...at('backoff')} />
          <TextInput label={t('crm.retry')} description={t('crm.retry.more')} placeholder="network, 5xx, 429" {...at('retry_on')} />
        </SimpleGrid>
        <PushAuth auth={push.auth} onChange={(auth) => form.setFieldValue('push.auth', auth)} />
        <Pairs
          label={t('crm.mapper')}
          about={t('crm.mapper.more')}
          pairs={push.key_mapper}
          names={rows}
          placeholder={{ name: 'lead.phone', value: '{{call.from_number}}' }}
          errors={errors}
          onChange={(pairs) => form.setFieldValue('push.key_mapper', pairs)}
        />
        <Switch label={t('crm.types')} {...form.getInputProps('push.preserve_types', { type: 'checkbox' })} />
        <Pairs label={t('crm.headers')} pairs={push.headers} names={rows} onChange={(pairs) => form.setFieldValue('push.headers', pairs)} />
        <Text size="xs" c="dimmed">
          {t('crm.secrets')}
        </Text>
      </Stack>
    </Section>
  );
}

/** What was said about a field, or about the first refused part of its list. */
function errorAt(errors: Form['errors'], path: string) {
  return errors[path] ?? Object.values(errorsUnder(errors, path))[0];
}
