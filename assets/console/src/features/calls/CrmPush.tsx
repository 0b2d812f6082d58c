import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { ErrorBox } from '~/shared/ui/ErrorBox';
import { Mark } from '~/shared/ui/Mark';
import { Section } from '~/shared/ui/Section';
import { Words } from '~/shared/ui/Words';
import type { Push } from './model';

const COLOURS: Record<string, string> = { pending: 'blue', sent: 'teal', failed: 'red', skipped: 'gray' };

/** Whether the CRM was told of a call, and a way to tell it again. */
export function CrmPush({ sessionId, push }: { sessionId: string; push: Push }) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const again = useMutation({
    mutationFn: () =>
      need(api.POST('/api/v1/calls/{session_id}/crm-push/retry', { params: { path: { session_id: sessionId }, query: { force: 'true' } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['calls', 'one', sessionId] }),
  });
  return (
    <Section title={t('push.title')}>
      <Stack gap="xs">
        {again.isError && <ErrorBox error={again.error} />}
        <Group gap="xs">
          <Mark color={COLOURS[push.status] ?? 'gray'}>{t(`push.${push.status}`)}</Mark>
          {push.http_status && <Mark>{String(push.http_status)}</Mark>}
          <Text size="sm" c="dimmed">
            {push.sent_at ? format.when(push.sent_at) : t('push.attempts', { n: push.attempts ?? 0 })}
          </Text>
        </Group>
        {push.last_error && <Words size="sm">{push.last_error}</Words>}
        {push.status !== 'pending' && (
          <Group>
            <Button size="xs" variant="default" loading={again.isPending} onClick={() => again.mutate()}>
              {t('push.again')}
            </Button>
          </Group>
        )}
      </Stack>
    </Section>
  );
}
