import { Alert, Anchor, List, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Schemas } from '~/shared/api/client';
import { upload } from '~/shared/api/upload';
import { useT } from '~/shared/i18n';
import { UploadBox } from '~/shared/ui/UploadBox';
import { useUpload } from '~/shared/ui/useUpload';

type Imported = Schemas['ImportedBot'];

/** A bot from the file that another box, or this one, exported. It is a draft until its credentials are there. */
export function ImportBot() {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const [made, setMade] = useState<Imported | null>(null);
  const sending = useUpload();
  const send = ([file]: File[]) => {
    if (!file) return;
    void sending.start(async (onProgress, signal) => {
      const bot = await upload<Imported>({ path: '/api/v1/bots/import', body: file, contentType: 'application/json', onProgress, signal });
      await client.invalidateQueries({ queryKey: ['bots'] });
      if (bot.missing.length > 0) setMade(bot);
      else await go(`/bots/${bot.id}`);
    });
  };
  if (made) {
    return (
      <Alert color="orange" title={t('bots.imported', { name: made.name || made.id })}>
        <Stack gap="xs" align="flex-start">
          {t('bots.imported.missing')}
          <List size="sm">
            {made.missing.map((field) => (
              <List.Item key={field}>
                <span className="mono">{field}</span>
              </List.Item>
            ))}
          </List>
          <Anchor component={Link} to={`/bots/${made.id}`} size="sm" underline="always">
            {t('bots.imported.open')}
          </Anchor>
        </Stack>
      </Alert>
    );
  }
  return <UploadBox upload={sending} onFiles={send} verb={t('bots.import')} more={t('bots.import.more')} accept=".json,application/json" />;
}
