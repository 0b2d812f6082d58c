import { ActionIcon, AppShell, Box, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { Suspense, useEffect, useRef } from 'react';
import { Link, NavigationType, Outlet, useLocation, useNavigationType } from 'react-router';
import { useBrand } from '~/shared/api/brand';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { LivePill } from '~/shared/live/LivePill';
import { useLiveRefresh } from '~/shared/live/useRefresh';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconSearch } from '~/shared/ui/icons';
import { Waiting } from '~/shared/ui/Waiting';
import { Boundary } from './Boundary';
import { GROUPS, roleFor } from './nav';
import { Palette } from './Palette';
import { UserMenu } from './UserMenu';

/** The frame round all screens. */
export function Shell() {
  const t = useT();
  const { role } = useMe();
  const { pathname } = useLocation();
  const [isOpen, { toggle, close }] = useDisclosure();
  const brand = useBrand();
  useLiveRefresh();
  useTop();
  const mayEnter = ranks(role, roleFor(pathname));
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !isOpen } }} padding={{ base: 'md', md: 'xl' }}>
      <a href="#main" className="skip">
        {t('shell.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('shell.menu')} />
            <img src={brand?.logo || '/favicon.svg'} height={26} style={{ maxWidth: 160 }} alt="" />
            <Text fw={700} visibleFrom="xs" truncate>
              {brand?.name ?? 'cxbox'}
            </Text>
            {ranks(role, 'supervisor') && <LivePill />}
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ActionIcon variant="default" size="lg" aria-label={t('shell.palette')} title={`${t('shell.palette')} (Ctrl+K)`} onClick={spotlight.open}>
              <IconSearch size={18} />
            </ActionIcon>
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label={t('shell.navigation')}>
        <ScrollArea type="hover" scrollbarSize={8} px="xs" pb="md">
          <Sections onGo={close} />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Box maw={1280} mx="auto">
          <Boundary key={pathname}>
            <Suspense fallback={<Waiting />}>
              {mayEnter ? <Outlet /> : <EmptyState title={t('error.forbidden')} more={t('error.forbidden.more')} />}
            </Suspense>
          </Boundary>
        </Box>
      </AppShell.Main>
      <Palette />
    </AppShell>
  );
}

/** A screen that one goes to begins at its top; one that one comes back to stays where it was. */
function useTop() {
  const { pathname, hash } = useLocation();
  const isBack = useNavigationType() === NavigationType.Pop;
  const before = useRef(pathname + hash);
  useEffect(() => {
    if (before.current === pathname + hash) return;
    before.current = pathname + hash;
    if (!isBack && !hash) window.scrollTo(0, 0);
  }, [pathname, hash, isBack]);
}

function Sections({ onGo }: { onGo: () => void }) {
  const t = useT();
  const { role } = useMe();
  const { pathname } = useLocation();
  // Where one came by another way than the menu, its entry may be below the edge.
  useEffect(() => {
    void document.querySelector('nav [aria-current=page]')?.scrollIntoView({ block: 'nearest' });
  }, [pathname]);
  return GROUPS.map((group) => {
    const places = group.places.filter((place) => ranks(role, place.role));
    if (places.length === 0) return null;
    return (
      <Box key={group.name} role="group" aria-label={t(group.name)}>
        <div className="nav-heading" aria-hidden>
          {t(group.name)}
        </div>
        {places.map((place) => {
          const isHere = place.to === '/' ? pathname === '/' : pathname === place.to || pathname.startsWith(`${place.to}/`);
          return (
            <NavLink
              key={place.to}
              component={Link}
              to={place.to}
              label={t(place.name)}
              leftSection={<place.icon size={18} stroke={1.6} aria-hidden />}
              active={isHere}
              py={5}
              aria-current={isHere ? 'page' : undefined}
              onClick={onGo}
            />
          );
        })}
      </Box>
    );
  });
}
