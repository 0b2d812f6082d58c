import { Alert, Button, Group, JsonInput, NativeSelect, Stack, Table, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { Json } from '~/shared/ui/Json';
import { Loaded } from '~/shared/ui/Loaded';
import { Section } from '~/shared/ui/Section';
import { Words } from '~/shared/ui/Words';

type Asked = Record<'version' | 'caller_id' | 'connected_event', string>;

/** What a caller may hear, in that order, and what the model is told; with their words in the form. */
const TEXTS = [
  ['disclosure', 'bots.disclosure'],
  ['recording_notice', 'bots.notice'],
  ['opening_message', 'bots.opening'],
  ['system_prompt', 'bots.prompt'],
  ['failure_message', 'bots.failure'],
] as const;

const NOTHING: Asked = { version: 'published', caller_id: '', connected_event: '' };

/** What a call would get of this bot right now: its texts with the variables filled in, and whether it would be taken at all. */
export function Preview({ stored }: { stored: Schemas['BotView'] }) {
  const t = useT();
  const [asked, setAsked] = useState(NOTHING);
  const form = useForm<Asked>({ mode: 'uncontrolled', initialValues: NOTHING });
  const query = Object.fromEntries(Object.entries(asked).filter(([, value]) => value.trim() !== ''));
  const preview = useQuery({
    queryKey: ['bots', 'preview', stored.id, query],
    queryFn: () => need(api.GET('/api/v1/bots/{id}/config-preview', { params: { path: { id: stored.id }, query } })),
  });
  const field = (name: keyof Asked) => ({ key: form.key(name), ...form.getInputProps(name) });
  return (
    <Stack>
      <Text c="dimmed">{t('preview.about')}</Text>
      <Section title={t('preview.call')}>
        <form onSubmit={form.onSubmit(setAsked)}>
          <Stack gap="sm">
            <Group align="flex-start">
              <TextInput label={t('preview.caller')} placeholder="+35621234567" {...field('caller_id')} />
              {stored.has_draft && (
                <NativeSelect
                  label={t('preview.version')}
                  data={['published', 'draft'].map((value) => ({ value, label: t(`preview.version.${value}`) }))}
                  {...field('version')}
                />
              )}
            </Group>
            <JsonInput
              label={t('preview.event')}
              description={t('preview.event.more')}
              placeholder={'{ "customer_name": "Ada" }'}
              autosize
              minRows={2}
              maxRows={8}
              {...field('connected_event')}
            />
            <Group justify="flex-end">
              <Button type="submit" variant="default" loading={preview.isFetching}>
                {t('preview.do')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
      <Loaded query={preview}>{(found) => <Found found={found} />}</Loaded>
    </Stack>
  );
}

function Found({ found }: { found: Schemas['ConfigPreview'] }) {
  const t = useT();
  const config = found.config as Record<string, unknown>;
  const isRecorded = config.recording_mode !== 'off';
  const texts = TEXTS.filter(([name]) => isRecorded || name !== 'recording_notice').map(([name, label]) => [label, config[name]] as const);
  const unresolved = found.unresolved.length > 0 ? t('preview.unresolved', { names: found.unresolved.join(', ') }) : '';
  const reasons = [found.reason ?? '', unresolved].filter((reason) => reason !== '');
  return (
    <Stack>
      <Alert color={found.takes_calls ? 'teal' : 'orange'} title={t(found.takes_calls ? 'preview.takes' : 'preview.refuses')} role="status">
        {reasons.length > 0 &&
          reasons.map((reason) => (
            <Text size="sm" key={reason}>
              {reason}
            </Text>
          ))}
      </Alert>
      <Section title={t('preview.texts')}>
        <Stack gap="sm">
          {texts.map(
            ([label, text]) =>
              typeof text === 'string' &&
              text !== '' && (
                <div key={label}>
                  <Text size="xs" c="dimmed">
                    {t(label)}
                  </Text>
                  <Words size="sm">{text}</Words>
                </div>
              ),
          )}
        </Stack>
      </Section>
      <Section title={t('preview.variables')}>
        <Table fz="sm" verticalSpacing={4} layout="fixed">
          <Table.Tbody>
            {Object.entries(found.variables).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td className="mono" w="40%">
                  {name}
                </Table.Td>
                <Table.Td>
                  <Words size="sm">{value}</Words>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Section>
      <Json label={t('preview.config')} value={found.config} />
    </Stack>
  );
}
