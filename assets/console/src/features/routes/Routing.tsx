import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { IconPlus } from '~/shared/ui/icons';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import type { Route } from './match';
import { RouteForm } from './RouteForm';
import { Rows } from './Rows';
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
            <Rows routes={list.data} marked={marked} isWhole={list.data.length === list.total} onEdit={setEdited} />
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
