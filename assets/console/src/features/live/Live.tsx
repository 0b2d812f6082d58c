import { Badge, Paper, SimpleGrid } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { LiveCall } from './LiveCall';
import { useLiveCalls, type Spoken } from './useLiveCalls';

/** One empty list for all calls, so that a card without words is not drawn anew. */
const NONE: Spoken[] = [];

export default function Live() {
  const t = useT();
  const { calls, lines } = useLiveCalls();
  const total = calls.data?.total ?? 0;
  return (
    <Page
      title={t('live.title')}
      about={t('live.about')}
      actions={
        <Badge size="lg" variant="light" tt="none" data-testid="live-count">
          {t('live.count', { n: total })}
        </Badge>
      }
    >
      <Loaded query={calls}>
        {(list) =>
          list.data.length === 0 ? (
            <Paper withBorder radius="md" p="md">
              <EmptyState title={t('live.empty')} more={t('live.empty.more')} />
            </Paper>
          ) : (
            <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
              {list.data.map((call) => (
                <LiveCall key={call.session_id} call={call} lines={lines[call.session_id] ?? NONE} />
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
    </Page>
  );
}
