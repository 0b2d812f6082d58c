import { Checkbox, SimpleGrid, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useT } from '~/shared/i18n';

/** The ten events a webhook may want; the manual describes each. */
export const EVENTS = [
  'call.answered',
  'call.started',
  'call.transferred',
  'call.ended',
  'outbound-ai.finished',
  'transcript.saved',
  'transcript.share.created',
  'transcript.share.viewed',
  'transcript.share.revoked',
  'webhook.test',
];
/** Stands for all of them, those of later versions too. */
export const ALL = '*';

export interface Values extends Record<string, unknown> {
  url: string;
  events: string[];
}

export function WebhookFields({ form }: { form: UseFormReturnType<Values> }) {
  const t = useT();
  return (
    <>
      <TextInput
        label={t('webhooks.url')}
        description={t('webhooks.url.more')}
        placeholder="https://example.com/hooks/cxbox"
        type="url"
        required
        key={form.key('url')}
        {...form.getInputProps('url')}
      />
      <Checkbox.Group label={t('webhooks.events')} description={t('webhooks.events.more')} key={form.key('events')} {...form.getInputProps('events')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }} my="xs" spacing="xs">
          <Checkbox value={ALL} label={t('webhooks.events.all')} />
          {EVENTS.map((event) => (
            <Checkbox key={event} value={event} label={event} description={t(`webhooks.event.${event}`)} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
    </>
  );
}
