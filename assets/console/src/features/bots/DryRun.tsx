import { Alert, Button, Code, Group, List, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { otherSide } from '~/shared/ui/callWords';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Section } from '~/shared/ui/Section';
import type { Push } from './crm';

/** Fills the mapping in with a call that is over, as it stands in the form, saved or not. Nothing is sent. */
export function DryRun({ botId, push }: { botId: string; push: Push }) {
  const t = useT();
  const format = useFormat();
  const [chosen, setChosen] = useState('');
  const calls = useQuery({
    queryKey: ['calls', 'of-bot', botId],
    queryFn: () => need(api.GET('/api/v1/calls', { params: { query: { bot_id: botId, limit: '50' } } })),
  });
  const over = (calls.data?.data ?? []).filter(({ status }) => status !== 'active');
  const sessionId = chosen || over[0]?.session_id;
  const run = useMutation({
    mutationFn: (session_id: string) =>
      need(api.POST('/api/v1/bots/{id}/crm-preview', { params: { path: { id: botId } }, body: { session_id, post_call_push: push } })),
  });
  return (
    <Section title={t('crm.dry')} about={t('crm.dry.more')}>
      <Stack gap="sm">
        {over.length === 0 ? (
          <Text c="dimmed">{t('crm.dry.none')}</Text>
        ) : (
          <Group align="flex-end">
            <NativeSelect
              label={t('crm.dry.call')}
              value={sessionId}
              onChange={(event) => setChosen(event.currentTarget.value)}
              data={over.map((call) => ({ value: call.session_id, label: `${otherSide(call, t)}, ${format.when(call.started_at ?? call.created_at)}` }))}
            />
            <Button variant="default" loading={run.isPending} onClick={() => sessionId && run.mutate(sessionId)}>
              {t('crm.dry.do')}
            </Button>
          </Group>
        )}
        {run.isError && <ErrorBox error={run.error} />}
        {run.data && <Outcome preview={run.data} />}
      </Stack>
    </Section>
  );
}

function Outcome({ preview }: { preview: Schemas['Preview'] }) {
  const t = useT();
  return (
    <Stack gap="sm" data-testid="dry-run">
      {preview.problems.length > 0 && (
        <Alert color="red" title={t('crm.dry.problems')}>
          <List size="sm">
            {preview.problems.map((problem) => (
              <List.Item key={problem.field}>
                <span className="mono">{problem.field}</span>: {problem.message}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      {preview.unresolved.length > 0 && <Alert color="orange">{t('crm.dry.unresolved', { names: preview.unresolved.join(', ') })}</Alert>}
      <Text size="sm" ff="monospace" className="words">
        {preview.method} {preview.url}
      </Text>
      <Code block className="words">
        {Object.entries(preview.headers)
          .map(([name, value]) => `${name}: ${String(value)}`)
          .join('\n')}
        {'\n\n'}
        {preview.raw_body}
      </Code>
    </Stack>
  );
}
