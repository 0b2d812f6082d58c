import { Tabs } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Deletable } from '~/shared/ui/Deletable';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { BaseForm } from './BaseForm';
import { Bench } from './Bench';
import { Documents } from './Documents';

type View = Schemas['BaseView'];
const TABS = ['documents', 'search', 'settings'] as const;
type Tab = (typeof TABS)[number];

/** One knowledge base: its documents, a question to try, its settings. */
export default function BaseScreen() {
  const { id = '' } = useParams();
  const base = useQuery({
    queryKey: ['knowledge', 'base', id],
    queryFn: () => need(api.GET('/api/v1/knowledge-bases/{kb_id}', { params: { path: { kb_id: id } } })),
  });
  return <Loaded query={base}>{(stored) => <Existing stored={stored} />}</Loaded>;
}

function Existing({ stored }: { stored: View }) {
  const t = useT();
  const go = useNavigate();
  const client = useQueryClient();
  const { tab = '' } = useParams();
  const shown: Tab = TABS.find((name) => name === tab) ?? 'documents';
  const remove = async () => {
    await need(api.DELETE('/api/v1/knowledge-bases/{kb_id}', { params: { path: { kb_id: stored.id }, query: { purge: true } } }));
    await client.invalidateQueries({ queryKey: ['knowledge'] });
    await go('/knowledge');
  };
  return (
    <Page title={stored.name} about={stored.description} actions={<Deletable name={stored.name} more={t('kb.delete.more')} onDelete={remove} />}>
      <Tabs value={shown} onChange={(name) => void go(`/knowledge/${stored.id}/${name}`)}>
        <Tabs.List mb="lg">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`kb.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown}>
          {shown === 'documents' && <Documents baseId={stored.id} />}
          {shown === 'search' && <Bench baseId={stored.id} />}
          {shown === 'settings' && <BaseForm stored={stored} />}
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
