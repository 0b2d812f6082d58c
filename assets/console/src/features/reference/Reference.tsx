import { Accordion, Anchor, Badge, Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { authorised } from '~/shared/api/client';
import { ApiError } from '~/shared/api/error';
import { useT } from '~/shared/i18n';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconSearch } from '~/shared/ui/icons';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { operationsOf, type Description, type Operation } from './model';

const FILE = '/openapi.json';
const COLOURS: Record<string, string> = { get: 'blue', post: 'teal', put: 'orange', patch: 'grape', delete: 'red' };

export default function Reference() {
  const t = useT();
  const [words, setWords] = useState('');
  const description = useQuery({
    queryKey: ['reference'],
    queryFn: async () => {
      const answer = await authorised(new URL(FILE, window.location.origin).href);
      if (!answer.ok) throw ApiError.of(answer, null);
      return (await answer.json()) as Description;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Page
      title={t('reference.title')}
      about={t('reference.about')}
      actions={
        <Anchor href={FILE} download="openapi.json">
          {t('reference.file')}
        </Anchor>
      }
    >
      <TextInput
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
        aria-label={t('reference.search')}
        placeholder={t('reference.search')}
        leftSection={<IconSearch size={16} />}
        maw={420}
      />
      <Loaded query={description}>
        {(description) => {
          const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
          const found = operationsOf(description).filter(({ haystack }) => wanted.every((word) => haystack.includes(word)));
          return (
            <>
              <Text size="sm" c="dimmed" role="status">
                {t('reference.count', { n: found.length })}
              </Text>
              {found.length === 0 ? (
                <EmptyState title={t('reference.none')} />
              ) : (
                <Accordion variant="contained" order={2}>
                  {found.map((operation) => (
                    <Row key={operation.id} operation={operation} />
                  ))}
                </Accordion>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Row({ operation }: { operation: Operation }) {
  const t = useT();
  return (
    <Accordion.Item value={operation.id}>
      <Accordion.Control>
        <Group gap="sm" wrap="wrap">
          <Badge variant="light" color={COLOURS[operation.method] ?? 'gray'} w={70}>
            {operation.method}
          </Badge>
          <Text component="span" size="sm" className="mono words">
            {operation.path}
          </Text>
          <Text component="span" size="sm" c="dimmed" className="words">
            <Marked text={operation.summary} />
          </Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="xs">
          {operation.parameters.length > 0 && <Block title={t('reference.parameters')} lines={operation.parameters} />}
          {operation.body && <Block title={t('reference.body')} lines={[operation.body]} />}
          <Block title={t('reference.answers')} lines={operation.answers} />
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

/** What stands between backticks, as code. */
function Marked({ text }: { text: string }) {
  return text.split('`').map((part, n) => (n % 2 === 1 ? <Code key={n}>{part}</Code> : part));
}

function Block({ title, lines }: { title: string; lines: string[] }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Code block className="words">
        {lines.join('\n')}
      </Code>
    </div>
  );
}
