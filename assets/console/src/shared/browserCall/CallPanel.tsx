import { Alert, Button, Group, Loader, SimpleGrid, Stack, Text } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import { ApiError } from '~/shared/api/error';
import { useT } from '~/shared/i18n';
import { duration } from '~/shared/i18n/format';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { IconMicrophone, IconMicrophoneOff, IconPhone, IconPhoneOff } from '~/shared/ui/icons';
import type { Place, State } from './call';
import { useBrowserCall } from './useBrowserCall';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

interface Props {
  /** Hands the offer to the box. */
  place: Place;
  /** The word on the button. */
  verb: string;
  /** What is shown while the call runs. */
  during?: (sessionId: string) => ReactNode;
  /** What is shown when the call is over. */
  after?: (sessionId: string) => ReactNode;
}

/** Calls from this browser: the button, the call while it runs, and how it ended or why there is none. */
export function CallPanel({ place, verb, during, after }: Props) {
  const t = useT();
  const { state, isMuted, start, mute, press, hangUp } = useBrowserCall(place);
  const isOn = state.kind === 'asking' || state.kind === 'connecting' || state.kind === 'talking';
  return (
    <Stack gap="md" data-testid="browser-call" data-state={state.kind}>
      <Group role="status" gap="xs" mih={state.kind === 'idle' ? 0 : 28}>
        {(state.kind === 'asking' || state.kind === 'connecting') && <Loader size="xs" aria-hidden />}
        <Words state={state} isMuted={isMuted} />
      </Group>
      {state.kind === 'silent' && (
        <Alert color="yellow" title={t(`browserCall.silent.${state.why}`)} role="alert">
          {t(`browserCall.silent.${state.why}.more`)}
        </Alert>
      )}
      {state.kind === 'refused' && <Refusal error={state.error} />}
      {isOn ? (
        <>
          <Group grow>
            <Button variant="default" onClick={mute} disabled={state.kind !== 'talking'} aria-pressed={isMuted} leftSection={isMuted ? <IconMicrophoneOff size={16} /> : <IconMicrophone size={16} />}>
              {t(isMuted ? 'browserCall.unmute' : 'browserCall.mute')}
            </Button>
            <Button color="red" onClick={hangUp} leftSection={<IconPhoneOff size={16} />}>
              {t('browserCall.hangUp')}
            </Button>
          </Group>
          {state.kind === 'talking' && during?.(state.sessionId)}
          {state.kind === 'talking' && (
            <SimpleGrid cols={3} spacing="xs" aria-label={t('browserCall.keys')} role="group">
              {KEYS.map((key) => (
                <Button key={key} variant="default" onClick={() => press(key)} aria-label={t('browserCall.key', { key })}>
                  {key}
                </Button>
              ))}
            </SimpleGrid>
          )}
        </>
      ) : (
        <Button onClick={start} leftSection={<IconPhone size={16} />}>
          {state.kind === 'idle' ? verb : t('browserCall.again')}
        </Button>
      )}
      {state.kind === 'ended' && state.sessionId && after?.(state.sessionId)}
      <Text size="xs" c="dimmed">
        {t('browserCall.about')}
      </Text>
    </Stack>
  );
}

function Words({ state, isMuted }: { state: State; isMuted: boolean }) {
  const t = useT();
  if (state.kind === 'talking') {
    return (
      <Text fw={600}>
        {t(isMuted ? 'browserCall.muted' : 'browserCall.talking')} <Clock since={state.since} />
      </Text>
    );
  }
  if (state.kind === 'ended') return <Text fw={600}>{t(`browserCall.ended.${state.by}`)}</Text>;
  if (state.kind === 'asking' || state.kind === 'connecting') return <Text>{t(`browserCall.${state.kind}`)}</Text>;
  return null;
}

/** How long the call has lasted; not read out every second. */
function Clock({ since }: { since: number }) {
  const [now, setNow] = useState(since);
  useInterval(() => setNow(Date.now()), 1000, { autoInvoke: true });
  return (
    <span aria-hidden data-testid="call-clock">
      {duration((now - since) / 1000)}
    </span>
  );
}

/** Why the box did not take the call. */
function Refusal({ error }: { error: unknown }) {
  const t = useT();
  if (error instanceof ApiError && [429, 502, 503].includes(error.status)) {
    const key = error.status === 429 ? 'busy' : 'away';
    return (
      <Alert color="yellow" title={t(`browserCall.${key}`)} role="alert">
        {error.code === 'too_many_calls' || error.code === 'daily_cap' ? t('browserCall.limit') : t(`browserCall.${key}.more`)}
      </Alert>
    );
  }
  return <ErrorBox error={error} />;
}
