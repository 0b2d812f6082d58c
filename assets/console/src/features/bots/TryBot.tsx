import { Anchor, Button, Modal, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { CallPanel } from '~/shared/browserCall/CallPanel';
import { LastWords } from '~/shared/browserCall/LastWords';
import { useT } from '~/shared/i18n';
import { IconPhone } from '~/shared/ui/icons';

/** Talks with a bot from this browser: with what is in use, or with its draft. */
export function TryBot({ stored }: { stored: Schemas['BotView'] }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const [version, setVersion] = useState(stored.has_draft ? 'draft' : 'published');
  const chosen = stored.has_draft ? version : 'published';
  const place = (sdp: string) => need(api.POST('/api/v1/bots/{id}/browser-call', { params: { path: { id: stored.id } }, body: { version: chosen, sdp } }));
  const states = [
    { value: 'draft', label: t('bots.try.draft') },
    { value: 'published', label: t('bots.try.published', { version: stored.version }) },
  ];
  return (
    <>
      <Button variant="default" leftSection={<IconPhone size={16} />} onClick={() => setOpen(true)}>
        {t('bots.try')}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={t('bots.try')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <Stack>
          {stored.has_draft && <SegmentedControl aria-label={t('bots.try.what')} value={version} onChange={setVersion} data={states} orientation="vertical" />}
          <CallPanel
            key={chosen}
            place={place}
            verb={t('room.call')}
            during={(id) => <LastWords sessionId={id} />}
            after={(id) => (
              <Anchor component={Link} to={`/calls/${id}`}>
                {t('room.look')}
              </Anchor>
            )}
          />
          <Text size="xs" c="dimmed">
            {t('bots.try.more')}
          </Text>
        </Stack>
      </Modal>
    </>
  );
}
