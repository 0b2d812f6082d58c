import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { BotActions } from './BotActions';
import { Chat } from './Chat';
import { Crm } from './Crm';
import { EditBot } from './EditBot';
import { Figures } from './Figures';
import { Preview } from './Preview';
import { TryBot } from './TryBot';
import { Versions } from './Versions';

type View = Schemas['BotView'];

const TABS = { edit: EditBot, try: Chat, figures: Figures, crm: Crm, versions: Versions, preview: Preview } as const;
type Name = keyof typeof TABS;

/** One bot: what it says and does, its versions, and what a call would get of it. */
export default function BotScreen() {
  const { id = '' } = useParams();
  const bot = useQuery({
    queryKey: ['bots', 'one', id],
    queryFn: () => need(api.GET('/api/v1/bots/{id}', { params: { path: { id } } })),
  });
  return <Loaded query={bot}>{(stored) => <Existing key={stored.id} stored={stored} />}</Loaded>;
}

function Existing({ stored }: { stored: View }) {
  const t = useT();
  const go = useNavigate();
  const { tab = '' } = useParams();
  const shown: Name = tab in TABS ? (tab as Name) : 'edit';
  const Panel = TABS[shown];
  return (
    <Page
      title={stored.name || stored.id}
      actions={
        <>
          <TryBot stored={stored} />
          <BotActions stored={stored} />
        </>
      }
    >
      <Tabs value={shown} onChange={(name) => void go(name === 'edit' ? `/bots/${stored.id}` : `/bots/${stored.id}/${name}`)}>
        <Tabs.List mb="lg">
          {Object.keys(TABS).map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`bot.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown}>
          <Panel stored={stored} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
