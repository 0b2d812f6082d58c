import { Alert, Anchor, Box, Button, Loader, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { ApiError } from '~/shared/api/error';
import { ranks, useSession } from '~/shared/api/session';
import { CallPanel } from '~/shared/browserCall/CallPanel';
import { LastWords } from '~/shared/browserCall/LastWords';
import { useT } from '~/shared/i18n';
import { ErrorBox } from '~/shared/ui/ErrorBox';

/** A call that runs, with the key to what is said on it. */
type Started = Schemas['StartedCall'] & { words_key?: string };

/** A number to call from this browser. Visitors call public numbers where the box permits it; whoever is signed in calls any. */
export default function Room({ isFramed = false }: { isFramed?: boolean }) {
  const t = useT();
  const [query] = useSearchParams();
  const number = query.get('dial')?.trim() ?? '';
  useDocumentTitle(`${number ? t('room.title', { number }) : t('room.none')} · cxbox`);
  return (
    <Box component={isFramed ? 'div' : 'main'} maw={460} mx="auto" p="md" py="xl">
      <Paper withBorder radius="lg" p="xl">
        {number ? <Dial key={number} number={number} /> : <Ask />}
      </Paper>
    </Box>
  );
}

/** No number stands in the address. */
function Ask() {
  const t = useT();
  const go = useNavigate();
  const [number, setNumber] = useState('');
  const open = (event: FormEvent) => {
    event.preventDefault();
    if (number.trim()) void go(`?dial=${encodeURIComponent(number.trim())}`);
  };
  return (
    <form onSubmit={open}>
      <Stack>
        <Title order={1} size="h3">
          {t('room.none')}
        </Title>
        <TextInput label={t('room.number')} value={number} onChange={(event) => setNumber(event.currentTarget.value)} required />
        <Button type="submit">{t('room.open')}</Button>
      </Stack>
    </form>
  );
}

function Dial({ number }: { number: string }) {
  const t = useT();
  const state = useSession();
  const isIn = state.kind === 'in' || state.kind === 'expired';
  const mayLook = isIn && ranks(state.me.role, 'supervisor');
  const path = { params: { path: { number } } };
  const found = useQuery({
    queryKey: ['room', number, isIn],
    queryFn: () => need(isIn ? api.GET('/api/v1/browser-calls/{number}', path) : api.GET('/api/v1/public/browser-calls/{number}', path)),
    retry: (n, error) => n < 2 && !(error instanceof ApiError && error.status > 0),
  });
  const [wordsKey, setWordsKey] = useState<string>();
  const place = async (sdp: string) => {
    const body = { number, sdp };
    const started: Started = await need(isIn ? api.POST('/api/v1/browser-calls', { body }) : api.POST('/api/v1/public/browser-calls', { body }));
    setWordsKey(started.words_key);
    return started;
  };
  if (found.isPending) return <Loader aria-label={t('common.loading')} />;
  if (found.error) return <NoNumber number={number} error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <Stack>
      <Callee number={found.data} />
      <CallPanel
        place={place}
        verb={t('room.call')}
        during={(id) => wordsKey && <LastWords sessionId={id} wordsKey={wordsKey} />}
        after={(id) =>
          mayLook && (
            <Anchor component={Link} to={`/calls/${id}`}>
              {t('room.look')}
            </Anchor>
          )
        }
      />
    </Stack>
  );
}

function Callee({ number }: { number: Schemas['BrowserNumber'] }) {
  return (
    <div>
      <Title order={1} size="h3">
        {number.name}
      </Title>
      <Text c="dimmed">{number.number}</Text>
    </div>
  );
}

function NoNumber({ number, error, onRetry }: { number: string; error: unknown; onRetry: () => void }) {
  const t = useT();
  if (!(error instanceof ApiError) || error.status !== 404) return <ErrorBox error={error} onRetry={onRetry} />;
  if (error.code !== 'sign_in_needed') {
    return (
      <Alert color="yellow" title={t('room.missing', { number })} role="alert">
        {t('error.missing.more')}
      </Alert>
    );
  }
  return (
    <Stack>
      <Alert color="yellow" title={t('room.private')} role="alert">
        {t('room.private.more')}
      </Alert>
      <Button component={Link} to={`/room?dial=${encodeURIComponent(number)}`}>
        {t('room.signIn')}
      </Button>
    </Stack>
  );
}
