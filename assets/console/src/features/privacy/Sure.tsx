import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useT } from '~/shared/i18n';

interface Props {
  isOpen: boolean;
  phone: string;
  onClose: () => void;
  onYes: () => void;
}

/** The question before a person is erased. The number is typed once more: nothing brings the data back. */
export function Sure({ isOpen, phone, onClose, onYes }: Props) {
  const t = useT();
  const [again, setAgain] = useState('');
  const isSame = again.trim() === phone;
  return (
    <Modal opened={isOpen} onClose={onClose} title={t('privacy.sure', { phone })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isSame) onYes();
        }}
      >
        <Stack>
          <Text size="sm">{t('privacy.sure.more')}</Text>
          <TextInput label={t('privacy.again')} value={again} autoComplete="off" data-autofocus onChange={(event) => setAgain(event.currentTarget.value)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" color="red" disabled={!isSame}>
              {t('privacy.erase')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
