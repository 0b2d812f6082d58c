import { Grid, NativeSelect, NavLink, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { EmptyState } from '~/shared/ui/EmptyState';
import { IconSearch } from '~/shared/ui/icons';
import { Loaded } from '~/shared/ui/Loaded';
import { Page } from '~/shared/ui/Page';
import { Markdown } from './Markdown';

type Chapter = Schemas['Chapter'];
const FIRST = 'readme';

export default function Docs() {
  const t = useT();
  const { slug = FIRST } = useParams();
  const go = useNavigate();
  const [words, setWords] = useState('');
  const manual = useQuery({ queryKey: ['manual'], queryFn: () => need(api.GET('/api/v1/manual')), staleTime: Number.POSITIVE_INFINITY });
  return (
    <Page title={t('docs.title')} about={t('docs.about')}>
      <Loaded query={manual}>
        {({ data }) => {
          const found = search(data, words);
          const chapter = data.find((chapter) => chapter.slug === slug);
          return (
            <Grid gap="lg">
              <Grid.Col span={{ base: 12, md: 4, lg: 3 }}>
                <TextInput
                  value={words}
                  onChange={(event) => setWords(event.currentTarget.value)}
                  aria-label={t('docs.search')}
                  placeholder={t('docs.search')}
                  leftSection={<IconSearch size={16} />}
                  mb="sm"
                />
                {words && (
                  <Text size="sm" c="dimmed" mb="xs" role="status">
                    {t('docs.found', { n: found.length })}
                  </Text>
                )}
                <NativeSelect
                  hiddenFrom="md"
                  aria-label={t('docs.page')}
                  value={slug}
                  onChange={(event) => void go(`/docs/${event.currentTarget.value}`)}
                  data={inOrder(data).map((chapter) => ({ value: chapter.slug, label: chapter.title }))}
                />
                {/* On a narrow screen the pages would push the one that is read out of sight. */}
                <Stack gap={2} component="nav" aria-label={t('docs.pages')} visibleFrom={words ? undefined : 'md'}>
                  {found.map(({ chapter, line }) => (
                    <NavLink
                      key={chapter.slug}
                      component={Link}
                      to={`/docs/${chapter.slug}`}
                      label={chapter.title}
                      description={line || undefined}
                      active={chapter.slug === slug}
                    />
                  ))}
                </Stack>
              </Grid.Col>
              <Grid.Col span={{ base: 12, md: 8, lg: 9 }}>
                <Paper withBorder radius="md" p="lg">
                  {chapter ? <Markdown text={chapter.text} /> : <EmptyState title={t('docs.missing')} />}
                </Paper>
              </Grid.Col>
            </Grid>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** Pages that have all the words, with the first line that has one of them. */
function search(chapters: Chapter[], words: string): { chapter: Chapter; line: string }[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return inOrder(chapters)
    .filter((chapter) => wanted.every((word) => chapter.text.toLowerCase().includes(word)))
    .map((chapter) => ({ chapter, line: wanted.length > 0 ? firstLine(chapter.text, wanted) : '' }));
}

/** The first page, then the others as it names them; what it does not name comes last. */
function inOrder(chapters: Chapter[]): Chapter[] {
  const index = chapters.find(({ slug }) => slug === FIRST)?.text ?? '';
  const named = [FIRST, ...[...index.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, slug]) => (slug ?? '').toLowerCase())];
  const place = (slug: string) => (named.includes(slug) ? named.indexOf(slug) : named.length);
  return [...chapters].sort((a, b) => place(a.slug) - place(b.slug));
}

function firstLine(text: string, words: string[]): string {
  const line = text.split('\n').find((line) => words.some((word) => line.toLowerCase().includes(word))) ?? '';
  const plain = line.replaceAll(/[#|*`]/g, '').trim();
  return plain.length > 120 ? `${plain.slice(0, 120)}…` : plain;
}
