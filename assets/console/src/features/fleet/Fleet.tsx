import { Button, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { Confirm } from '~/shared/ui/Confirm';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Figure } from '~/shared/ui/Figure';
import { Json } from '~/shared/ui/Json';
import { Loaded } from '~/shared/ui/Loaded';
import { Mark } from '~/shared/ui/Mark';
import { Page } from '~/shared/ui/Page';
import { Section } from '~/shared/ui/Section';
import { told } from '~/shared/ui/told';

type Worker = Schemas['WorkerStatus'];
const EVERY_MS = 5_000;
const COLOURS: Record<string, string> = { ok: 'teal', draining: 'blue', unreachable: 'red', inconsistent: 'orange' };

export default function Fleet() {
  const t = useT();
  const fleet = useQuery({ queryKey: ['fleet'], queryFn: () => need(api.GET('/api/v1/fleet/status')), refetchInterval: EVERY_MS });
  const change = (
    <Button component={Link} to="/settings/fleet" variant="default">
      {t('fleet.change')}
    </Button>
  );
  return (
    <Page title={t('fleet.title')} about={t('fleet.about')} actions={change}>
      <Loaded query={fleet}>
        {(status) => (
          <Stack>
            <SimpleGrid cols={{ base: 2, sm: 3 }}>
              <Figure label={t('fleet.calls')} value={status.active_calls} to="/live" />
              <Figure label={t('fleet.room')} value={status.available} />
              <Figure label={t('fleet.capacity')} value={status.total_capacity} />
            </SimpleGrid>
            {status.workers.length === 0 ? (
              <EmptyState title={t('fleet.empty')} action={change} />
            ) : (
              status.workers.map((worker) => <Engine key={worker.url} worker={worker} />)
            )}
            <Text size="sm" c="dimmed">
              {t('fleet.state.more')}
            </Text>
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function Engine({ worker }: { worker: Worker }) {
  const t = useT();
  const word = t(`fleet.state.${worker.status}`);
  const isKnown = worker.status in COLOURS;
  const mayDrain = ranks(useMe().role, 'super_admin');
  const load = worker.total_capacity > 0 ? (worker.worker_calls / worker.total_capacity) * 100 : 0;
  return (
    <Section
      title={worker.url}
      actions={
        <>
          <Mark color={COLOURS[worker.status] ?? 'gray'}>{isKnown ? word : worker.status}</Mark>
          {mayDrain && worker.status === 'ok' && <Drain url={worker.url} />}
        </>
      }
    >
      <Stack gap="sm">
        <Group gap="sm" wrap="nowrap">
          <Progress value={load} flex={1} aria-label={t('fleet.load')} color={load > 90 ? 'red' : undefined} />
          <Text size="sm">{t('fleet.load.of', { calls: worker.worker_calls, capacity: worker.total_capacity })}</Text>
        </Group>
        {worker.workers.length > 0 && <Json label={t('fleet.workers', { url: worker.url })} value={worker.workers} />}
      </Stack>
    </Section>
  );
}

/** Has an engine take no more calls; the box starts its own anew when the last one is over. */
function Drain({ url }: { url: string }) {
  const t = useT();
  const client = useQueryClient();
  const drain = async () => {
    await need(api.POST('/api/v1/fleet/drain', { body: { url } }));
    told(t('fleet.drained', { url }));
    await client.invalidateQueries({ queryKey: ['fleet'] });
  };
  return (
    <Confirm title={t('fleet.drain.sure', { url })} more={t(url === 'local' ? 'fleet.drain.local' : 'fleet.drain.more')} verb={t('fleet.drain')} onYes={drain}>
      {(open) => (
        <Button size="compact-sm" variant="default" onClick={open} aria-label={`${t('fleet.drain')} ${url}`}>
          {t('fleet.drain')}
        </Button>
      )}
    </Confirm>
  );
}
