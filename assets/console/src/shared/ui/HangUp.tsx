import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Confirm } from './Confirm';
import { IconPhoneOff } from './icons';
import { told } from './told';

/** Ends a running call after a question. */
export function HangUp({ sessionId, who }: { sessionId: string; who: string }) {
  const t = useT();
  const client = useQueryClient();
  const end = async () => {
    const { result } = await need(api.POST('/api/v1/calls/{session_id}/hangup', { params: { path: { session_id: sessionId } } }));
    told(t(`live.hungup.${result}`));
    await client.invalidateQueries({ queryKey: ['calls'] });
  };
  return (
    <Confirm title={t('live.hangup.sure', { who })} verb={t('live.hangup')} onYes={end}>
      {(open) => (
        <Button color="red" variant="light" size="xs" leftSection={<IconPhoneOff size={14} />} onClick={open}>
          {t('live.hangup')}
        </Button>
      )}
    </Confirm>
  );
}
