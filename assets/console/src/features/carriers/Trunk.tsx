import { Alert, Button, List, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { useCode } from '~/shared/ui/callWords';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Mark } from '~/shared/ui/Mark';
import { Section } from '~/shared/ui/Section';
import { Words } from '~/shared/ui/Words';

type View = Schemas['CarrierView'];
const COLOURS: Record<string, string> = { ok: 'teal', synced: 'teal', pending: 'blue', error: 'red', nat: 'orange', refused: 'red', unreachable: 'red' };

/** How the trunk is, in one word, with its colour. */
export function TrunkState({ carrier }: { carrier: View }) {
  const t = useT();
  const state = stateOf(carrier);
  return <Mark color={COLOURS[state] ?? 'gray'}>{t(`trunk.${state}`)}</Mark>;
}

/** A trunk that is neither registered with nor asked with OPTIONS, and has never answered, is one of which nothing is known. */
function stateOf({ is_active, lk_sync_status, trunk }: View): string {
  if (is_active === false) return 'off';
  const isHeardOf = trunk?.answered_at || trunk?.registration;
  return lk_sync_status === 'synced' && !isHeardOf ? 'unchecked' : lk_sync_status;
}

/** What the engines see of a trunk, and a check of the way there and back on demand. */
export function Trunk({ carrier, mayCheck }: { carrier: View; mayCheck: boolean }) {
  const t = useT();
  const client = useQueryClient();
  const check = useMutation({
    mutationFn: () => need(api.POST('/api/v1/carriers/{id}/check', { params: { path: { id: carrier.id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['carriers'] }),
  });
  return (
    <Section
      title={t('trunk.title')}
      about={t('trunk.about')}
      actions={
        <>
          <TrunkState carrier={carrier} />
          {mayCheck && (
            <Button size="xs" variant="default" loading={check.isPending} onClick={() => check.mutate()}>
              {t('trunk.check')}
            </Button>
          )}
        </>
      }
    >
      <Stack gap="sm">
        {carrier.lk_sync_error && <Words size="sm">{carrier.lk_sync_error}</Words>}
        {carrier.trunk ? <Seen trunk={carrier.trunk} /> : <Text c="dimmed">{t('trunk.untried')}</Text>}
        {check.isError && <ErrorBox error={check.error} />}
        {check.data?.engines.map((found) => (
          <Alert key={found.engine} color={COLOURS[found.verdict] ?? 'gray'} title={t('trunk.verdict', { engine: found.engine, verdict: t(`trunk.verdict.${found.verdict}`) })} data-testid="trunk-verdict">
            <List size="sm" spacing={4}>
              {found.findings.map((finding) => (
                <List.Item key={finding}>{finding}</List.Item>
              ))}
            </List>
          </Alert>
        ))}
      </Stack>
    </Section>
  );
}

function Seen({ trunk }: { trunk: Schemas['TrunkView'] }) {
  const t = useT();
  const format = useFormat();
  const code = useCode();
  const answer = (said: Schemas['SipAnswer'] | null | undefined) => (said ? [said.code, said.reason].filter(Boolean).join(' ') : null);
  const rows: [string, string | number | null | undefined][] = [
    [t('trunk.registration'), code('trunk.registration', trunk.registration)],
    [t('trunk.until'), trunk.registered_until && format.when(trunk.registered_until)],
    [t('trunk.register'), answer(trunk.register_answer)],
    [t('trunk.options'), answer(trunk.options_answer)],
    [t('trunk.roundTrip'), trunk.round_trip_ms === null || trunk.round_trip_ms === undefined ? null : `${trunk.round_trip_ms} ms`],
    [t('trunk.answered'), trunk.answered_at && format.when(trunk.answered_at)],
    [t('trunk.sentAs'), trunk.sent_as],
    [t('trunk.seenAs'), trunk.seen_as],
  ];
  const known = rows.filter(([, value]) => value);
  if (known.length === 0) return <Text c="dimmed">{t('trunk.untried')}</Text>;
  return (
    <Table variant="vertical" withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Tbody>
        {known.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={220} fw={500} bg="transparent" px={0}>
              {name}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
