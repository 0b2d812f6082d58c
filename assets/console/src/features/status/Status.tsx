import { Alert, Badge, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useReadiness } from '~/shared/api/ready';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';

export default function Status() {
  const t = useT();
  const isAdmin = ranks(useMe().role, 'admin');
  const ready = useReadiness();
  const version = useQuery({ queryKey: ['version'], queryFn: () => need(api.GET('/version')) });
  return (
    <Page title={t('status.title')} about={t('status.about')}>
      <Loaded query={ready}>
        {(report) => (
          <Stack>
            <Alert color={report.reasons.length === 0 ? 'teal' : 'red'} title={report.reasons.length === 0 ? t('status.ready') : t('status.notReady')} />
            <Paper withBorder radius="md">
              <Table verticalSpacing="sm" horizontalSpacing="md">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('status.check')}</Table.Th>
                    <Table.Th>{t('status.result')}</Table.Th>
                    <Table.Th>{t('status.reason')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {report.checks.map((check) => (
                    <Table.Tr key={check.name}>
                      <Table.Td>{check.name}</Table.Td>
                      <Table.Td>
                        <Badge variant="light" tt="none" color={check.ok ? 'teal' : 'red'}>
                          {check.ok ? t('status.fine') : t('common.no')}
                        </Badge>
                      </Table.Td>
                      <Table.Td>{check.reason || '–'}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Paper>
          </Stack>
        )}
      </Loaded>
      {isAdmin && <Fleet />}
      <Text size="sm" c="dimmed">
        {t('status.version')}: {version.data ? `${version.data.name} ${version.data.version}` : '–'}
      </Text>
    </Page>
  );
}

function Fleet() {
  const t = useT();
  const format = useFormat();
  const fleet = useQuery({ queryKey: ['fleet'], queryFn: () => need(api.GET('/api/v1/fleet/status')), refetchInterval: 10_000 });
  return (
    <Paper withBorder radius="md" p="md" component="section" aria-label={t('status.fleet')}>
      <Title order={2} size="h5" mb="sm">
        {t('status.fleet')}
      </Title>
      <Loaded query={fleet}>
        {(status) => (
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('status.engine')}</Table.Th>
                <Table.Th>{t('status.result')}</Table.Th>
                <Table.Th ta="right">{t('overview.now')}</Table.Th>
                <Table.Th ta="right">{t('status.capacity')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {status.workers.map((worker) => (
                <Table.Tr key={worker.url}>
                  <Table.Td className="words">{worker.url}</Table.Td>
                  <Table.Td>{worker.status}</Table.Td>
                  <Table.Td ta="right">{format.number(worker.worker_calls)}</Table.Td>
                  <Table.Td ta="right">{format.number(worker.total_capacity)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
    </Paper>
  );
}
