import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { CallPanel } from '~/shared/browserCall/CallPanel';
import { useSip } from '~/shared/api/sip';
import { useT } from '~/shared/i18n';

/** How to make the first call, by a telephone or without one. */
export function CallStep({ number }: { number: Schemas['NumberView'] }) {
  const t = useT();
  const sip = useSip();
  const lab = [
    `cxbox lab phone --call 'sip:${number.number}@${sip.here}'`,
    '--expect-speech 15000 --wait-silence 1200',
    "--say 'when are you open'",
    '--expect-speech 15000 --wait-silence 1200',
    '--say goodbye --expect-hangup 20000',
  ].join(' \\\n  ');
  return (
    <Stack>
      <Title order={2} size="h3">
        {t('setup.call.title', { number: number.number })}
      </Title>
      <Text fw={600} size="sm">
        {t('setup.call.browser')}
      </Text>
      <CallPanel place={(sdp) => need(api.POST('/api/v1/browser-calls', { body: { number: number.number, sdp } }))} verb={t('numbers.browser')} />
      <Text fw={600} size="sm">
        {t('setup.call.phone')}
      </Text>
      <Code block>{`sip:${number.number}@${sip.fromAfar}`}</Code>
      <Text fw={600} size="sm">
        {t('setup.call.lab')}
      </Text>
      <Code block>{lab}</Code>
      <Text c="dimmed">{t('setup.call.more')}</Text>
      <Group>
        <Button component={Link} to="/live">
          {t('setup.call.live')}
        </Button>
      </Group>
    </Stack>
  );
}
