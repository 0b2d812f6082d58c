import { Button, Modal, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { FormFrame } from '~/shared/ui/FormFrame';
import { told } from '~/shared/ui/told';
import { QUIET, useSave } from '~/shared/ui/useSave';

/** Sends everything again that the receiver has not taken since a time, and what it was never sent. */
export function Recover({ webhookId }: { webhookId: string }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {t('webhooks.recover')}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={t('webhooks.recover.title')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <Since webhookId={webhookId} onDone={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function Since({ webhookId, onDone }: { webhookId: string; onDone: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const form = useForm({ mode: 'uncontrolled', initialValues: { since: yesterday() } });
  const save = useSave(
    form,
    async ({ since }) => {
      const at = new Date(since);
      if (Number.isNaN(at.getTime())) return form.setErrors({ since: t('webhooks.recover.when') });
      const done = await need(api.POST('/api/v1/webhooks/{id}/recover', { params: { path: { id: webhookId } }, body: { since: at.toISOString() } }));
      told(t('webhooks.recovered', { requeued: done.requeued, missed: done.missed }));
      await client.invalidateQueries({ queryKey: ['webhooks'] });
      onDone();
    },
    QUIET,
  );
  return (
    <FormFrame save={save} verb={t('webhooks.recover')} onCancel={onDone} isBare>
      <Text size="sm">{t('webhooks.recover.more')}</Text>
      <TextInput type="datetime-local" label={t('webhooks.recover.since')} required data-autofocus key={form.key('since')} {...form.getInputProps('since')} />
    </FormFrame>
  );
}

/** A day ago, as a field for a moment in the viewer's zone has it. */
function yesterday(): string {
  const at = new Date(Date.now() - 86_400_000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
