import { Button, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { FormFrame } from '~/shared/ui/FormFrame';
import { PasswordField } from '~/shared/ui/PasswordField';
import { QUIET, useSave } from '~/shared/ui/useSave';

/** The line for trying the box out: the lab phone of this very machine, and nobody else. */
const TEST_LINE: Schemas['CarrierBody'] = {
  name: 'Test line on this machine',
  sip_address: '127.0.0.1:5080',
  // The lab phone listens while it calls only; nobody is to be alarmed that it does not answer.
  options_interval_seconds: 0,
  inbound_auth_mode: 'ip',
  inbound_allowed_addresses: ['127.0.0.1'],
};

export function TrunkStep({ onDone }: { onDone: () => void }) {
  const t = useT();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', sip_address: '', inbound_allowed_addresses: '', outbound_auth_username: '', outbound_auth_password: '' },
  });
  const save = useSave(form, async (values) => {
    const login = values.outbound_auth_username
      ? { outbound_auth_username: values.outbound_auth_username, outbound_auth_password: values.outbound_auth_password }
      : {};
    const { name, sip_address } = values;
    const inbound_allowed_addresses = values.inbound_allowed_addresses.split(/[\s,]+/).filter(Boolean);
    await need(api.POST('/api/v1/carriers', { body: { name, sip_address, inbound_auth_mode: 'ip', inbound_allowed_addresses, ...login } }));
    onDone();
  }, QUIET);
  const without = useMutation({
    mutationFn: async () => {
      const known = await need(api.GET('/api/v1/carriers', { params: { query: { limit: '500' } } }));
      if (known.data.length === 0) await need(api.POST('/api/v1/carriers', { body: TEST_LINE }));
    },
    onSuccess: onDone,
  });
  const field = (name: keyof typeof form.values) => ({ key: form.key(name), ...form.getInputProps(name) });
  return (
    <>
      <Text mb="md">{t('setup.trunk.more')}</Text>
      {without.isError && <ErrorBox error={without.error} />}
      <Button fullWidth mb="lg" loading={without.isPending} onClick={() => without.mutate()}>
        {t('setup.trunk.none')}
      </Button>
      <FormFrame save={save} verb={t('setup.trunk.do')} isBare>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('carriers.name')} {...field('name')} />
          <TextInput label={t('carriers.address')} placeholder="sip.example.com" {...field('sip_address')} />
          <TextInput label={t('carriers.user')} autoComplete="off" {...field('outbound_auth_username')} />
          <PasswordField
            label={t('carriers.password')}
            autoComplete="off"
            {...field('outbound_auth_password')}
          />
        </SimpleGrid>
        <TextInput label={t('carriers.allowed')} placeholder="203.0.113.0/24" {...field('inbound_allowed_addresses')} />
      </FormFrame>
    </>
  );
}
