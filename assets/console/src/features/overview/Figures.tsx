import { SimpleGrid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { Figure } from '~/shared/ui/Figure';
import { today, useCount } from './useCount';

export function Figures() {
  const t = useT();
  const isAdmin = ranks(useMe().role, 'admin');
  const { from, day } = today();
  const now = useCount('now', { status: 'active' });
  const all = useCount('today', { from });
  const failed = useCount('failed', { from, status: 'failed' });
  const fleet = useQuery({ queryKey: ['fleet'], queryFn: () => need(api.GET('/api/v1/fleet/status')), enabled: isAdmin, refetchInterval: 10_000 });
  return (
    <SimpleGrid cols={{ base: 2, md: isAdmin ? 4 : 3 }}>
      <Figure label={t('overview.now')} value={now.data} to="/live" />
      <Figure label={t('overview.today')} value={all.data} to={`/calls?from=${day}`} />
      <Figure label={t('overview.failed')} value={failed.data} to={`/calls?from=${day}&status=failed`} isBad={(failed.data ?? 0) > 0} />
      {isAdmin && <Figure label={t('overview.free')} value={fleet.data?.available} to="/fleet" />}
    </SimpleGrid>
  );
}
