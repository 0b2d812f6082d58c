import { Button, Modal, Paper, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Deletable } from '~/shared/ui/Deletable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconPlus } from '~/shared/ui/icons';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { isCatchAll, type Route } from './match';
import { RouteForm } from './RouteForm';
import { WhichRow } from './WhichRow';

const ALL = '500';

export default function Routing() {
  const t = useT();
  const [edited, setEdited] = useState<Route | 'new' | null>(null);
  const [marked, setMarked] = useState(-1);
  const routes = useQuery({
    queryKey: ['routes'],
    queryFn: () => need(api.GET('/api.ashx/v1/inbound-routes', { params: { query: { limit: ALL } } })),
  });
  const numbers = useQuery({ queryKey: ['numbers', 'names'], queryFn: () => need(api.GET('/api/v1/numbers', { params: { query: { limit: ALL } } })) });
  const known = numbers.data?.data ?? [];
  return (
    <Page
      title={t('routes.title')}
      about={t('routes.about')}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
          {t('routes.new')}
        </Button>
      }
    >
      <Loaded query={routes}>
        {(list) => (
          <>
            <WhichRow routes={list.data} numbers={known} onRow={setMarked} />
            <Rows routes={list.data} marked={marked} onEdit={setEdited} />
          </>
        )}
      </Loaded>
      <Modal
        opened={edited !== null}
        onClose={() => setEdited(null)}
        title={edited !== null && edited !== 'new' ? t('routes.change', { did: edited.did }) : t('routes.new')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {edited !== null && (
          <RouteForm stored={edited === 'new' ? null : edited} users={known.map((number) => number.name)} onDone={() => setEdited(null)} />
        )}
      </Modal>
    </Page>
  );
}

function Rows({ routes, marked, onEdit }: { routes: Route[]; marked: number; onEdit: (route: Route) => void }) {
  const t = useT();
  const client = useQueryClient();
  if (routes.length === 0) return <EmptyState title={t('routes.empty')} />;
  const remove = async (route: Route) => {
    const query = route.fromNumber ? { fromNumber: route.fromNumber } : {};
    await need(api.DELETE('/api.ashx/v1/inbound-routes/{did}', { params: { path: { did: route.did }, query } }));
    await client.invalidateQueries({ queryKey: ['routes'] });
  };
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={420} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md" aria-label={t('routes.title')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={48}>{t('routes.order')}</Table.Th>
              <Table.Th>{t('routes.did')}</Table.Th>
              <Table.Th>{t('routes.from')}</Table.Th>
              <Table.Th>{t('routes.user')}</Table.Th>
              <Table.Th ta="right">{t('common.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {routes.map((route, n) => (
              <Table.Tr
                key={`${route.did} ${route.fromNumber ?? ''}`}
                data-marked={n === marked || undefined}
                aria-selected={n === marked}
                bg={n === marked ? 'var(--mantine-primary-color-light)' : undefined}
              >
                <Table.Td>{n + 1}</Table.Td>
                <Table.Td>
                  {isCatchAll(route) ? <Text size="sm">* ({t('routes.catchAll')})</Text> : <span className="mono">{route.did}</span>}
                </Table.Td>
                <Table.Td>{route.fromNumber ? <span className="mono">{route.fromNumber}</span> : t('routes.anyone')}</Table.Td>
                <Table.Td>{route.user}</Table.Td>
                <Table.Td ta="right">
                  <Button variant="subtle" size="compact-xs" onClick={() => onEdit(route)} aria-label={`${t('common.edit')} ${route.did}`}>
                    {t('common.edit')}
                  </Button>
                  {!isCatchAll(route) && <Deletable isSmall name={route.did} onDelete={() => remove(route)} />}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
