import { Badge, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { Loaded } from '~/shared/ui/Loaded';

/** Every change of a bot, the newest first. */
export function Versions({ id }: { id: string }) {
  const t = useT();
  const format = useFormat();
  const versions = useQuery({
    queryKey: ['bots', 'versions', id],
    queryFn: () => need(api.GET('/api/v1/bots/{id}/versions', { params: { path: { id }, query: { limit: '100' } } })),
  });
  return (
    <Loaded query={versions}>
      {({ data: list }) => (
        <Stack>
          <Text c="dimmed">{list.length === 0 ? t('versions.none') : t('versions.more')}</Text>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('bots.version')}</Table.Th>
                <Table.Th>{t('common.created')}</Table.Th>
                <Table.Th>{t('bots.by')}</Table.Th>
                <Table.Th>{t('bots.status')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.map((version) => (
                <Table.Tr key={version.version}>
                  <Table.Td>{version.version}</Table.Td>
                  <Table.Td>{format.when(version.created_at)}</Table.Td>
                  <Table.Td>{version.created_by}</Table.Td>
                  <Table.Td>
                    {version.is_published && (
                      <Badge variant="light" tt="none">
                        {t('versions.published')}
                      </Badge>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Stack>
      )}
    </Loaded>
  );
}
