import { Modal, NativeSelect, Switch, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { QUIET, useSave } from '~/shared/ui/useSave';

interface Props {
  stored: Schemas['BotView'];
  isOpen: boolean;
  onClose: () => void;
}

/** Has a bot call a telephone to be heard: with what is in use, or with its draft. The call is then on the screen while it runs. */
export function TestCall({ stored, isOpen, onClose }: Props) {
  const t = useT();
  return (
    <Modal opened={isOpen} onClose={onClose} title={t('testCall.title')} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Order stored={stored} onClose={onClose} />
    </Modal>
  );
}

function Order({ stored, onClose }: Omit<Props, 'isOpen'>) {
  const t = useT();
  const go = useNavigate();
  const form = useForm({ mode: 'uncontrolled', initialValues: { to: '', version: stored.has_draft ? 'draft' : 'published', rehearsal: true } });
  const save = useSave(
    form,
    async (values) => {
      const body = { ...values, to: values.to.trim() };
      const placed = await need(api.POST('/api/v1/bots/{id}/test-call', { params: { path: { id: stored.id } }, body }));
      onClose();
      await go(`/calls/${placed.session_id}`);
    },
    QUIET,
  );
  const versions = [...(stored.has_draft ? ['draft'] : []), 'published'].map((value) => ({ value, label: t(`chat.version.${value}`) }));
  return (
    <FormFrame save={save} verb={t('testCall.do')} onCancel={onClose} isBare>
      <Text size="sm">{t('testCall.more')}</Text>
      <TextInput label={t('testCall.to')} description={t('testCall.to.more')} required data-autofocus key={form.key('to')} {...form.getInputProps('to')} />
      <NativeSelect label={t('chat.version')} data={versions} key={form.key('version')} {...form.getInputProps('version')} />
      <Switch
        label={t('testCall.rehearsal')}
        description={t('testCall.rehearsal.more')}
        key={form.key('rehearsal')}
        {...form.getInputProps('rehearsal', { type: 'checkbox' })}
      />
    </FormFrame>
  );
}
