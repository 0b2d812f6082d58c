import { ActionIcon, Menu, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Link } from 'react-router';
import { useBrand } from '~/shared/api/brand';
import { leave } from '~/shared/api/oidc';
import { useMe } from '~/shared/api/session';
import { LANGUAGES, useI18n, type Language } from '~/shared/i18n';
import { IconKey, IconLogout, IconMail, IconMoon, IconSun, IconUser } from '~/shared/ui/icons';

/** Who is signed in, the colours, the language, and the way out. */
export function UserMenu() {
  const { t, language, setLanguage } = useI18n();
  const me = useMe();
  const brand = useBrand();
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('shell.you', { name: me.name })}>
          <IconUser size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text fw={600} size="sm" className="words">
            {me.name}
          </Text>
          <Text size="xs">{t(`role.${me.role}`)}</Text>
        </Menu.Label>
        <Menu.Item component={Link} to="/me" leftSection={<IconKey size={16} />}>
          {t('shell.password')}
        </Menu.Item>
        <Menu.Item leftSection={isDark ? <IconSun size={16} /> : <IconMoon size={16} />} onClick={() => setColorScheme(isDark ? 'light' : 'dark')}>
          {isDark ? t('shell.light') : t('shell.dark')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('shell.language')}</Menu.Label>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item key={code} lang={code} fw={code === language ? 650 : undefined} onClick={() => setLanguage(code as Language)}>
            {name}
          </Menu.Item>
        ))}
        {brand?.support_email && (
          <Menu.Item component="a" href={`mailto:${brand.support_email}`} leftSection={<IconMail size={16} />}>
            {t('shell.help')}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {t('shell.out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
