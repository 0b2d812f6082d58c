import { Fieldset, NativeSelect, NumberInput, SimpleGrid, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { PasswordField } from '~/shared/ui/PasswordField';
import { useSave } from '~/shared/ui/useSave';

type Body = Schemas['CarrierBody'];
type View = Schemas['CarrierView'];
type Values = ReturnType<typeof valuesOf>;
const ENCRYPTION: Schemas['MediaEncryption'][] = ['auto', 'required', 'off'];

/** The form's fields; the list of addresses is text, one per line. */
function valuesOf(view: View | null) {
  return {
    name: view?.name ?? '',
    sip_address: view?.sip_address ?? '',
    transport: view?.transport ?? 'auto',
    is_active: view?.is_active ?? true,
    tls_ca_pem: view?.tls_ca_pem ?? '',
    media_encryption: view?.media_encryption ?? 'auto',
    register: view?.register ?? false,
    register_interval_seconds: view?.register_interval_seconds ?? 600,
    options_interval_seconds: view?.options_interval_seconds ?? 30,
    from_number: view?.from_number ?? '',
    destination_country: view?.destination_country ?? '',
    auth_username: view?.auth_username ?? '',
    auth_password: '',
    outbound_auth_username: view?.outbound_auth_username ?? '',
    outbound_auth_password: '',
    inbound_auth_mode: view?.inbound_auth_mode ?? 'ip',
    inbound_allowed_addresses: (view?.inbound_allowed_addresses ?? []).join('\n'),
    inbound_auth_username: view?.inbound_auth_username ?? '',
    inbound_auth_password: '',
    outbound_channels: view?.outbound_channels ?? 10,
    outbound_cps: view?.outbound_cps ?? 1,
    outbound_burst: view?.outbound_burst ?? 5,
  };
}

function bodyOf(values: Values): Body {
  const text = (value: string) => value.trim() || null;
  const { auth_password, outbound_auth_password, inbound_auth_password, ...rest } = values;
  return {
    ...rest,
    // A password that is absent stays as it is stored.
    ...(auth_password ? { auth_password } : {}),
    ...(outbound_auth_password ? { outbound_auth_password } : {}),
    ...(inbound_auth_password ? { inbound_auth_password } : {}),
    tls_ca_pem: text(values.tls_ca_pem),
    from_number: text(values.from_number),
    destination_country: text(values.destination_country),
    auth_username: text(values.auth_username),
    outbound_auth_username: text(values.outbound_auth_username),
    inbound_auth_username: text(values.inbound_auth_username),
    inbound_allowed_addresses: values.inbound_allowed_addresses.split(/[\s,]+/).filter(Boolean),
  };
}

export function CarrierForm({ stored }: { stored: View | null }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const form = useForm<Values>({ mode: 'uncontrolled', initialValues: valuesOf(stored) });
  const save = useSave(form, async (values) => {
    const saved = stored
      ? await need(api.PUT('/api/v1/carriers/{id}', { params: { path: { id: stored.id } }, body: bodyOf(values) }))
      : await need(api.POST('/api/v1/carriers', { body: bodyOf(values) }));
    await client.invalidateQueries({ queryKey: ['carriers'] });
    await go(`/carriers/${saved.id}`);
  });
  const field = (name: keyof Values) => ({ key: form.key(name), ...form.getInputProps(name) });
  const kept = (has: boolean | undefined) => (has ? t('common.unchanged') : undefined);
  return (
    <FormFrame save={save} verb={stored ? undefined : t('common.create')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label={t('carriers.name')} required {...field('name')} />
        <TextInput label={t('carriers.address')} description={t('carriers.address.more')} required {...field('sip_address')} />
        <NativeSelect label={t('carriers.transport')} data={['auto', 'udp', 'tcp', 'tls']} {...field('transport')} />
        <NativeSelect
          label={t('carriers.encryption')}
          description={t('carriers.encryption.more')}
          data={ENCRYPTION.map((value) => ({ value, label: t(`carriers.encryption.${value}`) }))}
          {...field('media_encryption')}
        />
      </SimpleGrid>
      <Switch label={t('carriers.active')} key={form.key('is_active')} {...form.getInputProps('is_active', { type: 'checkbox' })} />
      <Textarea label={t('carriers.ca')} autosize minRows={1} maxRows={6} {...field('tls_ca_pem')} />
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <Switch
          label={t('carriers.register')}
          description={t('carriers.register.more')}
          key={form.key('register')}
          {...form.getInputProps('register', { type: 'checkbox' })}
        />
        <NumberInput label={t('carriers.register.every')} min={60} {...field('register_interval_seconds')} />
        <NumberInput label={t('carriers.options.every')} min={0} {...field('options_interval_seconds')} />
      </SimpleGrid>
      <Fieldset legend={t('carriers.out')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('carriers.from')} placeholder="+35621234567" {...field('from_number')} />
          <TextInput label={t('carriers.country')} description={t('carriers.country.more')} {...field('destination_country')} />
          <TextInput label={t('carriers.user')} autoComplete="off" {...field('outbound_auth_username')} />
          <PasswordField label={t('carriers.password')} autoComplete="off" placeholder={kept(stored?.has_outbound_auth_password)} {...field('outbound_auth_password')} />
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend={t('carriers.in')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <NativeSelect
            label={t('carriers.mode')}
            data={(['ip', 'credentials'] as const).map((value) => ({ value, label: t(`carriers.mode.${value}`) }))}
            {...field('inbound_auth_mode')}
          />
          <Textarea label={t('carriers.allowed')} description={t('carriers.allowed.more')} autosize minRows={2} {...field('inbound_allowed_addresses')} />
          <TextInput label={t('carriers.user')} autoComplete="off" {...field('inbound_auth_username')} />
          <PasswordField label={t('carriers.password')} autoComplete="off" placeholder={kept(stored?.has_inbound_auth_password)} {...field('inbound_auth_password')} />
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend={t('carriers.both')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('carriers.user')} autoComplete="off" {...field('auth_username')} />
          <PasswordField label={t('carriers.password')} autoComplete="off" placeholder={kept(stored?.has_auth_password)} {...field('auth_password')} />
        </SimpleGrid>
      </Fieldset>
      <Fieldset legend={t('carriers.limits')}>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <NumberInput label={t('carriers.channels')} min={1} {...field('outbound_channels')} />
          <NumberInput label={t('carriers.cps')} min={0.1} step={0.5} {...field('outbound_cps')} />
          <NumberInput label={t('carriers.burst')} min={1} {...field('outbound_burst')} />
        </SimpleGrid>
      </Fieldset>
    </FormFrame>
  );
}
