import { Button, Group, Paper, Stack } from '@mantine/core';
import type { FormEventHandler, ReactNode } from 'react';
import { useT } from '~/shared/i18n';
import { ErrorBox } from './ErrorBox';

interface Props {
  save: { submit: FormEventHandler<HTMLFormElement>; error: unknown; isBusy: boolean };
  /** The word on the button; "Save" when absent. */
  verb?: string;
  onCancel?: () => void;
  /** Another button before the one that saves. */
  extra?: ReactNode;
  children: ReactNode;
  /** Without a border of its own, inside a dialog. */
  isBare?: boolean;
}

/** The frame of every form: its fields, what the server said about the whole, and the button. */
export function FormFrame({ save, verb, onCancel, extra, children, isBare }: Props) {
  const t = useT();
  const body = (
    <form onSubmit={save.submit} noValidate>
      <Stack>
        {save.error !== null && <ErrorBox error={save.error} />}
        {children}
        <Group justify="flex-end">
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              {t('common.cancel')}
            </Button>
          )}
          {extra}
          <Button type="submit" loading={save.isBusy}>
            {verb ?? t('common.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
  return isBare ? (
    body
  ) : (
    <Paper withBorder radius="md" p="lg" maw={860}>
      {body}
    </Paper>
  );
}
