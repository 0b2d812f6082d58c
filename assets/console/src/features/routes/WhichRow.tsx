import { Group, Paper, Text, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useT } from '~/shared/i18n';
import { isCatchAll, taker, type Route } from './match';

interface Props {
  routes: Route[];
  numbers: { name: string; number: string }[];
  onRow: (row: number) => void;
}

/** Asks what would become of a call, and marks the row that takes it. */
export function WhichRow({ routes, numbers, onRow }: Props) {
  const t = useT();
  const [did, setDid] = useState('');
  const [from, setFrom] = useState('');
  const row = did.trim() === '' ? -1 : taker(routes, did.trim(), from);
  const number = numbers.find((number) => number.number.replace(/^\+/, '') === did.trim().replace(/^\+/, ''));
  const last = routes.findIndex(isCatchAll);
  const shown = did.trim() === '' ? -1 : row >= 0 || number ? row : last;
  useEffect(() => onRow(shown), [shown, onRow]);
  const answer = () => {
    if (did.trim() === '') return '';
    if (shown >= 0) return t('routes.test.row', { n: shown + 1, user: routes[shown]?.user ?? '' });
    return number ? t('routes.test.number', { name: number.name }) : t('routes.test.none');
  };
  return (
    <Paper withBorder radius="md" p="md" component="section" aria-label={t('routes.test')}>
      <Text fw={600} mb="xs">
        {t('routes.test')}
      </Text>
      <Group align="flex-end">
        <TextInput label={t('routes.test.did')} placeholder="+35621234567" value={did} onChange={(event) => setDid(event.currentTarget.value)} />
        <TextInput label={t('routes.test.from')} placeholder="anonymous" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
        <Text pb={8} role="status" data-testid="which-row">
          {answer()}
        </Text>
      </Group>
    </Paper>
  );
}
