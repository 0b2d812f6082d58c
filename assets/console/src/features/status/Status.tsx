import { Alert, Badge, Paper, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useReadiness } from '~/shared/api/ready';
import { ranks, useMe } from '~/shared/api/session';
import { useT } from '~/shared/i18n';
import { useCode } from '~/shared/ui/callWords';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { Doctor } from './Doctor';

export default function Status() {
  const t = useT();
  const code = useCode();
  const isOwner = ranks(useMe().role, 'super_admin');
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
                      <Table.Td>{code('check', check.name)}</Table.Td>
                      <Table.Td>
                        <Badge variant="light" tt="none" color={check.ok ? 'teal' : 'red'}>
                          {t(check.ok ? 'status.fine' : 'doctor.broken')}
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
      {isOwner && <Doctor />}
      <Text size="sm" c="dimmed">
        {t('status.version')}: {version.data ? `${version.data.name} ${version.data.version}` : '–'}
      </Text>
    </Page>
  );
}
