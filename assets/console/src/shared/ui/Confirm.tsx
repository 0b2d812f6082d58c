import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { ErrorBox } from './ErrorBox';

interface Props {
  title: string;
  more?: string;
  /** The word on the button that does it. */
  verb: string;
  onYes: () => Promise<unknown>;
  /** Of that button; red for what destroys. */
  colour?: string;
  children: (open: () => void) => ReactNode;
}

/** Asks before something is destroyed. A refusal is shown in the question. */
export function Confirm({ title, more, verb, onYes, colour = 'red', children }: Props) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () => {
    setOpen(false);
    setError(null);
  };
  const yes = async () => {
    setBusy(true);
    setError(null);
    try {
      await onYes();
      close();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {children(() => setOpen(true))}
      <Modal opened={isOpen} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <Stack>
          {more && <Text>{more}</Text>}
          {error !== null && <ErrorBox error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('common.cancel')}
            </Button>
            <Button color={colour} loading={isBusy} onClick={() => void yes()}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
