import { Button, FileButton, Group, Progress, Stack, Text } from '@mantine/core';
import { useState, type DragEvent } from 'react';
import { useT } from '~/shared/i18n';
import { ErrorBox } from './ErrorBox';
import { IconUpload } from './icons';
import type { useUpload } from './useUpload';

interface Props {
  upload: ReturnType<typeof useUpload>;
  onFiles: (files: File[]) => void;
  /** The word on the button. */
  verb: string;
  /** What may be dropped here. */
  more: string;
  accept?: string;
  isMany?: boolean;
}

/** Takes files by a click or dropped on it, tells how far they are, and can be stopped. */
export function UploadBox({ upload, onFiles, verb, more, accept, isMany }: Props) {
  const t = useT();
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0 && upload.progress === null) onFiles(isMany ? files : files.slice(0, 1));
  };
  const over = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  const part = Math.round((upload.progress ?? 0) * 100);
  return (
    <Stack gap="sm" className="drop" data-over={isOver || undefined} onDragOver={over} onDragLeave={() => setOver(false)} onDrop={drop}>
      {upload.error !== null && <ErrorBox error={upload.error} />}
      {upload.progress === null ? (
        <Group gap="sm">
          {isMany ? (
            <FileButton multiple accept={accept} onChange={(files) => files.length > 0 && onFiles(files)}>
              {(props) => <Chooser {...props} verb={verb} />}
            </FileButton>
          ) : (
            <FileButton accept={accept} onChange={(file) => file && onFiles([file])}>
              {(props) => <Chooser {...props} verb={verb} />}
            </FileButton>
          )}
          <Text size="sm" c="dimmed" flex={1} miw={180}>
            {more}
          </Text>
        </Group>
      ) : (
        <Group gap="sm" wrap="nowrap">
          <Progress value={part} flex={1} aria-label={t('upload.progress')} />
          <Text size="sm" role="status" w={48} ta="right">
            {part} %
          </Text>
          <Button variant="default" size="xs" onClick={upload.cancel}>
            {t('common.cancel')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Chooser({ verb, onClick }: { verb: string; onClick: () => void }) {
  return (
    <Button variant="default" leftSection={<IconUpload size={16} />} onClick={onClick}>
      {verb}
    </Button>
  );
}
