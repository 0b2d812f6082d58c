import { Anchor, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { api, need } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { useCode } from '~/shared/ui/callWords';
import { Words } from '~/shared/ui/Words';
import type { Call } from './model';

/** The columns of a call that have something to say. */
export function Facts({ call }: { call: Call }) {
  const t = useT();
  const format = useFormat();
  const code = useCode();
  const rows: [string, ReactNode][] = [
    [t('calls.at'), format.when(call.started_at ?? call.created_at)],
    [t('calls.length'), format.duration(call.call_duration_seconds)],
    [t('call.fact.outcome'), code('outcome', call.outcome)],
    [t('call.fact.ended'), code('ended', call.disconnected_by)],
    [t('calls.number'), call.number_name ?? call.number ?? call.did],
    [t('calls.bot'), call.bot_id && <Bot id={call.bot_id} version={call.bot_version} />],
    [t('call.fact.answer'), call.answer_ms ? `${format.number(call.answer_ms)} ms` : null],
    [t('call.fact.carrier'), call.carrier_id && <Carrier id={call.carrier_id} />],
    [t('call.fact.requested'), call.requested_by],
    [t('call.fact.transferred'), call.was_transferred ? t('common.yes') : null],
    [t('call.fact.model'), call.model],
    [t('call.fact.tokens'), call.tokens_total ? format.number(call.tokens_total) : null],
    [t('call.fact.call'), call.call_id],
    [t('call.fact.session'), call.session_id],
  ];
  return (
    <Table variant="vertical" withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Tbody>
        {rows
          .filter(([, value]) => Boolean(value))
          .map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={116} fw={500} bg="transparent" px={0}>
                {name}
              </Table.Th>
              <Table.Td>{typeof value === 'string' ? <Words size="sm">{value}</Words> : value}</Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}

/** The bot by its name, for those who may read bots; one that is gone by its id. */
function Bot({ id, version }: { id: string; version?: number | null }) {
  const mayRead = ranks(useMe().role, 'admin');
  const bot = useQuery({
    queryKey: ['bots', 'one', id],
    queryFn: () => need(api.GET('/api/v1/bots/{id}', { params: { path: { id } } })),
    enabled: mayRead,
  });
  return <Named to={bot.data && `/bots/${id}`} name={`${bot.data?.name || id}${version ? ` · v${version}` : ''}`} />;
}

function Carrier({ id }: { id: string }) {
  const mayRead = ranks(useMe().role, 'admin');
  const carrier = useQuery({
    queryKey: ['carriers', 'one', id],
    queryFn: () => need(api.GET('/api/v1/carriers/{id}', { params: { path: { id } } })),
    enabled: mayRead,
  });
  return <Named to={carrier.data && `/carriers/${id}`} name={carrier.data?.name || id} />;
}

function Named({ to, name }: { to?: string; name: string }) {
  if (!to) return <Words size="sm">{name}</Words>;
  return (
    <Anchor component={Link} to={to} size="sm" className="words">
      {name}
    </Anchor>
  );
}
