import { Alert, Badge, Button, Group, NativeSelect, NumberInput, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { EmptyState } from '~/shared/ui/EmptyState';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { QUIET, useSave } from '~/shared/ui/useSave';
import { Words } from '~/shared/ui/Words';

type Found = Schemas['Found'];
const MODES = ['hybrid', 'bm25', 'vector'] as const;

/** Asks the base as a bot would, and shows how each passage did by words and by meaning. */
export function Bench({ baseId }: { baseId: string }) {
  const t = useT();
  const [found, setFound] = useState<Found | null>(null);
  const form = useForm({ mode: 'uncontrolled', initialValues: { query: '', mode: 'hybrid' as (typeof MODES)[number], top_k: 5 } });
  const ask = useSave(
    form,
    async (order) => {
      setFound(await need(api.POST('/api/v1/knowledge-bases/search', { body: { ...order, kb_ids: [baseId], wants_answer: true } })));
    },
    QUIET,
  );
  return (
    <Stack>
      <Paper withBorder radius="md" p="md">
        <form onSubmit={ask.submit} noValidate>
          <Stack gap="sm">
            {ask.error !== null && <ErrorBox error={ask.error} />}
            <Group align="flex-end">
              <TextInput label={t('search.question')} flex={1} miw={240} key={form.key('query')} {...form.getInputProps('query')} />
              <NativeSelect
                label={t('search.mode')}
                data={MODES.map((value) => ({ value, label: t(`search.mode.${value}`) }))}
                key={form.key('mode')}
                {...form.getInputProps('mode')}
              />
              <NumberInput label={t('search.top')} w={100} min={1} max={50} key={form.key('top_k')} {...form.getInputProps('top_k')} />
              <Button type="submit" loading={ask.isBusy}>
                {t('search.do')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Paper>
      {found && <Results found={found} />}
    </Stack>
  );
}

function Results({ found }: { found: Found }) {
  const t = useT();
  const took = { n: found.results.length, ms: Math.round(found.took.total_ms), embed: Math.round(found.took.embed_ms) };
  return (
    <Stack>
      <Text size="sm" c="dimmed" role="status">
        {t('search.took', took)}
      </Text>
      {found.answer && (
        <Alert color="teal" title={t('search.answer')}>
          <Words size="sm">{found.answer}</Words>
        </Alert>
      )}
      {found.results.length === 0 && <EmptyState title={t('search.none')} />}
      {found.results.map((passage) => (
        <Paper key={passage.chunk_id} withBorder p="md" radius="md" component="article" aria-label={passage.document_name}>
          <Group justify="space-between" gap="xs" mb={4}>
            <Text size="sm" fw={600} className="words">
              {[passage.document_name, passage.heading].filter(Boolean).join(' › ')}
              {passage.page ? ` (${t('doc.page', { n: passage.page })})` : ''}
            </Text>
            <Group gap={4}>
              <Scores scores={passage.scores} />
            </Group>
          </Group>
          <Words size="sm">{passage.text}</Words>
        </Paper>
      ))}
    </Stack>
  );
}

function Scores({ scores }: { scores: Schemas['Scores'] }) {
  const t = useT();
  const shown = [
    ['bm25', scores.bm25, scores.bm25_rank],
    ['vector', scores.vector, scores.vector_rank],
    ['hybrid', scores.hybrid, 0],
  ] as const;
  return shown.map(
    ([name, score, rank]) =>
      score !== null &&
      score !== undefined && (
        <Badge key={name} variant="light" tt="none" color={name === 'hybrid' ? 'teal' : 'gray'}>
          {t(`search.score.${name}`, { score: score.toFixed(2), rank: rank ?? 0 })}
        </Badge>
      ),
  );
}
