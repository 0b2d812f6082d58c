import { Alert, Button, Group, NativeSelect, Skeleton, Stack, Text, useComputedColorScheme } from '@mantine/core';
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import WaveSurfer from 'wavesurfer.js';
import { api, authorised, need } from '~/shared/api/client';
import { ApiError } from '~/shared/api/error';
import { useT } from '~/shared/i18n';
import { duration } from '~/shared/i18n/format';
import { nonce } from '~/shared/nonce';
import { IconPlayerPause, IconPlayerPlay } from '~/shared/ui/icons';

export interface PlayerHandle {
  /** Plays from this second on. */
  seek: (seconds: number) => void;
}

interface Props {
  ref: Ref<PlayerHandle>;
  sessionId: string;
  onTime: (seconds: number) => void;
}

/** The recording as a waveform: the caller above in blue, the bot below in green. */
export function Player({ ref, sessionId, onTime }: Props) {
  const t = useT();
  const isDark = useComputedColorScheme('light') === 'dark';
  const box = useRef<HTMLDivElement>(null);
  const wave = useRef<WaveSurfer | null>(null);
  const [state, setState] = useState<{ length: number; at: number; isPlaying: boolean; problem: string | null }>({
    length: 0,
    at: 0,
    isPlaying: false,
    problem: null,
  });
  useEffect(() => {
    if (!box.current) return;
    const stop = new AbortController();
    const surfer = WaveSurfer.create({ container: box.current, cspNonce: nonce(), ...look(isDark) });
    wave.current = surfer;
    surfer.on('ready', (length) => setState((old) => ({ ...old, length })));
    surfer.on('timeupdate', (at) => {
      setState((old) => ({ ...old, at }));
      onTime(at);
    });
    surfer.on('play', () => setState((old) => ({ ...old, isPlaying: true })));
    surfer.on('pause', () => setState((old) => ({ ...old, isPlaying: false })));
    open(surfer, sessionId, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) setState((old) => ({ ...old, problem: error instanceof Error ? error.message : String(error) }));
    });
    return () => {
      stop.abort();
      surfer.destroy();
    };
  }, [sessionId, isDark, onTime]);
  useImperativeHandle(ref, () => ({
    seek: (seconds) => {
      wave.current?.setTime(seconds);
      void wave.current?.play();
    },
  }));
  if (state.problem !== null) return <Alert color="yellow">{t('call.recording.gone', { reason: state.problem })}</Alert>;
  const isReady = state.length > 0;
  return (
    <Stack gap="sm">
      <div ref={box} role="img" aria-label={t('call.wave')} data-testid="wave" data-ready={isReady} />
      {!isReady && <Skeleton height={32} />}
      <Group>
        <Button
          size="sm"
          disabled={!isReady}
          leftSection={state.isPlaying ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
          onClick={() => void wave.current?.playPause()}
        >
          {state.isPlaying ? t('call.pause') : t('call.play')}
        </Button>
        <Text size="sm" ff="monospace" data-testid="position">
          {duration(state.at)} / {duration(state.length)}
        </Text>
        <NativeSelect
          size="xs"
          aria-label={t('call.speed')}
          data={['0.75', '1', '1.25', '1.5', '2'].map((value) => ({ value, label: `${value} ×` }))}
          defaultValue="1"
          onChange={(event) => wave.current?.setPlaybackRate(Number(event.currentTarget.value))}
        />
      </Group>
    </Stack>
  );
}

function look(isDark: boolean) {
  const sides = isDark ? ['#74c0fc', '#38d9a9'] : ['#1864ab', '#087f5b'];
  return {
    height: 56,
    barWidth: 2,
    barGap: 1,
    barRadius: 2,
    cursorColor: isDark ? '#fff' : '#111',
    splitChannels: sides.map((color) => ({ waveColor: `${color}99`, progressColor: color })),
  };
}

/** Shows the waveform the server has measured at once, while the sound is on its way; without one the browser measures it itself. */
async function open(surfer: WaveSurfer, sessionId: string, signal: AbortSignal) {
  const path = { session_id: sessionId };
  const sound = read(sessionId, signal);
  sound.catch(() => undefined);
  const measured = await need(api.GET('/api/v1/recordings/{session_id}/peaks', { params: { path }, signal })).catch(() => null);
  const length = measured ? measured.duration_ms / 1000 : undefined;
  if (measured && !signal.aborted) await surfer.load('', measured.peaks, length);
  const blob = await sound;
  if (!signal.aborted) await surfer.loadBlob(blob, measured?.peaks, length);
}

/** The whole recording, read as whoever is signed in. */
async function read(sessionId: string, signal: AbortSignal): Promise<Blob> {
  const response = await authorised(new URL(`/api/v1/recordings/${encodeURIComponent(sessionId)}`, window.location.origin).href, { signal });
  if (!response.ok) throw ApiError.of(response, await response.json().catch(() => null));
  return response.blob();
}
