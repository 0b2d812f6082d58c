import { Button, Modal, Stack, Text } from '@mantine/core';
import { session, useSession } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { PasswordForm } from './PasswordForm';

/** A session that ended while somebody worked: they sign in on top of their screen, and what they typed is still there. */
export function Expired() {
  const t = useT();
  const state = useSession();
  const isOpen = state.kind === 'expired';
  return (
    <Modal
      opened={isOpen}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t('auth.expired')}
      zIndex={1000}
    >
      <Stack>
        <Text size="sm">{isOpen ? t('auth.expired.more', { name: state.me.name }) : ''}</Text>
        {isOpen && <PasswordForm name={state.me.name} />}
        <Button variant="subtle" onClick={() => session.out()}>
          {t('auth.other')}
        </Button>
      </Stack>
    </Modal>
  );
}
