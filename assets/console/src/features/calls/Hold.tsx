import { Alert, Button, Modal, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Confirm } from '~/shared/ui/Confirm';
import { FormFrame } from '~/shared/ui/FormFrame';
import { useSave } from '~/shared/ui/useSave';

interface Props {
  sessionId: string;
  hold: Schemas['HoldView'] | null;
}

/** Keeps everything of a call until somebody releases it, whatever the retention says. */
export function Hold({ sessionId, hold }: Props) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const params = { path: { session_id: sessionId } };
  const done = () => client.invalidateQueries({ queryKey: ['calls', 'one', sessionId] });
  const release = async () => {
    await need(api.DELETE('/api/v1/calls/{session_id}/legal-hold', { params }));
    await done();
  };
  if (!hold) return <Begin sessionId={sessionId} onDone={done} />;
  return (
    <Alert color="orange" title={t('hold.on')}>
      <Text size="sm" className="words">
        {hold.reason}
      </Text>
      <Text size="xs" mb="xs">
        {hold.held_by}, {format.when(hold.held_at)}
      </Text>
      <Confirm title={t('hold.release.sure')} more={t('hold.release.more')} verb={t('hold.release')} onYes={release}>
        {(open) => (
          <Button size="xs" variant="default" onClick={open}>
            {t('hold.release')}
          </Button>
        )}
      </Confirm>
    </Alert>
  );
}

function Begin({ sessionId, onDone }: { sessionId: string; onDone: () => Promise<unknown> }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const form = useForm({ mode: 'uncontrolled', initialValues: { reason: '' } });
  const save = useSave(form, async (body) => {
    await need(api.PUT('/api/v1/calls/{session_id}/legal-hold', { params: { path: { session_id: sessionId } }, body }));
    setOpen(false);
    await onDone();
  });
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        {t('hold.begin')}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={t('hold.begin')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <FormFrame save={save} verb={t('hold.begin')} onCancel={() => setOpen(false)} isBare>
          <TextInput label={t('hold.reason')} description={t('hold.reason.more')} required data-autofocus key={form.key('reason')} {...form.getInputProps('reason')} />
        </FormFrame>
      </Modal>
    </>
  );
}
