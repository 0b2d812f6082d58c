import { Code, Group, NativeSelect, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Loaded } from '~/shared/ui/Loaded';
import { Section } from '~/shared/ui/Section';

/** What two states of a bot differ in, field by field. Which two is part of the address. */
export function Difference({ stored, versions }: { stored: Schemas['BotView']; versions: number[] }) {
  const t = useT();
  const [params, setParams] = useSearchParams();
  const earlier = versions.find((version) => version < stored.version);
  const from = params.get('from') ?? String(earlier ?? 'published');
  const to = params.get('to') ?? 'published';
  const choices = [
    { value: 'published', label: t('versions.inUse', { version: stored.version }) },
    ...(stored.has_draft ? [{ value: 'draft', label: t('versions.draft') }] : []),
    ...versions.map((version) => ({ value: String(version), label: t('versions.of', { version }) })),
  ];
  const set = (name: 'from' | 'to', value: string) => setParams({ from, to, [name]: value }, { replace: true });
  return (
    <Section title={t('versions.diff')}>
      <Stack gap="sm">
        <Group>
          <NativeSelect label={t('versions.from')} data={choices} value={from} onChange={(event) => set('from', event.currentTarget.value)} />
          <NativeSelect label={t('versions.to')} data={choices} value={to} onChange={(event) => set('to', event.currentTarget.value)} />
        </Group>
        <Changes id={stored.id} from={from} to={to} />
      </Stack>
    </Section>
  );
}

function Changes({ id, from, to }: { id: string; from: string; to: string }) {
  const t = useT();
  const diff = useQuery({
    queryKey: ['bots', 'diff', id, from, to],
    queryFn: () => need(api.GET('/api/v1/bots/{id}/diff', { params: { path: { id }, query: { from, to } } })),
  });
  return (
    <Loaded query={diff} lines={3}>
      {({ changes }) =>
        changes.length === 0 ? (
          <Text c="dimmed">{t('versions.same')}</Text>
        ) : (
          <Table.ScrollContainer minWidth={480} type="native">
            <Table layout="fixed" aria-label={t('versions.diff')}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w="26%">{t('versions.field')}</Table.Th>
                  <Table.Th>{t('versions.before')}</Table.Th>
                  <Table.Th>{t('versions.after')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {changes.map((change) => (
                  <Table.Tr key={change.field}>
                    <Table.Td className="mono words">{change.field}</Table.Td>
                    <Table.Td>
                      <Value value={change.old} />
                    </Table.Td>
                    <Table.Td>
                      <Value value={change.new} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )
      }
    </Loaded>
  );
}

function Value({ value }: { value: unknown }) {
  const t = useT();
  if (value === null || value === undefined) {
    return (
      <Text size="sm" c="dimmed">
        {t('versions.absent')}
      </Text>
    );
  }
  return (
    <Code block className="words" mah={220} tabIndex={0}>
      {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
    </Code>
  );
}
