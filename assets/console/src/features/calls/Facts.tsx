import { Button, CopyButton, Stack, Table } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Words } from '~/shared/ui/Words';
import type { Call } from './model';

/** The columns of a call that have something to say. */
export function Facts({ call }: { call: Call }) {
  const t = useT();
  const format = useFormat();
  const rows: [string, string | null | undefined][] = [
    [t('calls.at'), format.when(call.started_at ?? call.created_at)],
    [t('calls.length'), format.duration(call.call_duration_seconds)],
    [t('call.fact.outcome'), call.outcome],
    [t('call.fact.ended'), call.disconnected_by],
    [t('calls.number'), call.number_name ?? call.number ?? call.did],
    [t('calls.bot'), call.bot_id && `${call.bot_id}${call.bot_version ? ` · v${call.bot_version}` : ''}`],
    [t('call.fact.answer'), call.answer_ms ? `${format.number(call.answer_ms)} ms` : null],
    [t('call.fact.carrier'), call.carrier_id],
    [t('call.fact.requested'), call.requested_by],
    [t('call.fact.transferred'), call.was_transferred ? t('common.yes') : null],
    [t('call.fact.model'), call.model],
    [t('call.fact.tokens'), call.tokens_total ? format.number(call.tokens_total) : null],
    [t('call.fact.call'), call.call_id],
    [t('call.fact.session'), call.session_id],
  ];
  return (
    <Stack gap="sm">
      <Table variant="vertical" withRowBorders={false} verticalSpacing={4} fz="sm">
        <Table.Tbody>
          {rows
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th w={130} fw={500} bg="transparent" px={0}>
                  {name}
                </Table.Th>
                <Table.Td>
                  <Words size="sm">{value ?? ''}</Words>
                </Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
      {call.recording_link && (
        <CopyButton value={call.recording_link}>
          {({ copied, copy }) => (
            <Button variant="default" size="xs" onClick={copy}>
              {copied ? t('common.copied') : t('call.link')}
            </Button>
          )}
        </CopyButton>
      )}
    </Stack>
  );
}
