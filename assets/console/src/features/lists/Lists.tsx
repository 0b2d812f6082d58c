import { Button, Tabs } from '@mantine/core';
import { Link, useNavigate, useParams } from 'react-router';
import { useT } from '~/shared/i18n';
import { Page } from '~/shared/ui/Page';
import { GateCheck } from './GateCheck';
import { DoNotCall, Whitelist } from './NumberList';

const TABS = { 'do-not-call': DoNotCall, whitelist: Whitelist, check: GateCheck } as const;
type Name = keyof typeof TABS;

/** Who may be called: two lists, and a question to the gate. */
export default function Lists() {
  const t = useT();
  const go = useNavigate();
  const { tab = '' } = useParams();
  const shown: Name = tab in TABS ? (tab as Name) : 'do-not-call';
  const Panel = TABS[shown];
  return (
    <Page
      title={t('lists.title')}
      about={t('lists.about')}
      actions={
        <Button component={Link} to="/settings/outbound" variant="default">
          {t('lists.rules')}
        </Button>
      }
    >
      <Tabs value={shown} onChange={(name) => void go(`/lists/${name}`)}>
        <Tabs.List mb="lg">
          {Object.keys(TABS).map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`lists.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown}>
          <Panel />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
