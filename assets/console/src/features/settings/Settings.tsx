import { Alert, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { api, need } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { History } from './History';
import { MailTest } from './MailTest';
import { sectionsOf, type SectionView } from './model';
import { SectionForm } from './SectionForm';
import { useNames } from './useNames';

/** Every section of the settings; the one that is open is part of the address. */
export default function Settings() {
  const t = useT();
  const go = useNavigate();
  const names = useNames();
  const { section = '' } = useParams();
  const mayEdit = ranks(useMe().role, 'super_admin');
  const settings = useQuery({
    queryKey: ['settings', 'all'],
    queryFn: () => need(api.GET('/api/v1/settings')) as unknown as Promise<Record<string, SectionView>>,
  });
  return (
    <Page title={t('settings.title')} about={t('settings.about')}>
      {!mayEdit && <Alert color="blue">{t('settings.read')}</Alert>}
      <Loaded query={settings}>
        {(all) => {
          const sections = sectionsOf(all);
          const shown = section === 'history' || sections.includes(section) ? section : (sections[0] ?? '');
          const view = all[shown];
          return (
            <Tabs value={shown} onChange={(name) => void go(`/settings/${name}`)}>
              <Tabs.List mb="lg">
                {[...sections, 'history'].map((name) => (
                  <Tabs.Tab key={name} value={name}>
                    {names.section(name)}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value={shown}>
                {view && <SectionForm key={shown} section={shown} view={view} mayEdit={mayEdit} />}
                {shown === 'mail' && mayEdit && <MailTest />}
                {shown === 'history' && <History />}
              </Tabs.Panel>
            </Tabs>
          );
        }}
      </Loaded>
    </Page>
  );
}
