import { Code, Stack, Text } from '@mantine/core';
import { useT } from '~/shared/i18n';
import type { Call } from './model';

/** What was made of the call after it: the analysis, the quality check, the intents, the waiting times. */
export function Analysis({ call }: { call: Call }) {
  const t = useT();
  const parts = [call.post_call_analysis, call.qc_analysis, call.intents, call.latency].map((value, n) => ({
    name: ['post_call_analysis', 'qc_analysis', 'intents', 'latency'][n] ?? '',
    value,
  }));
  const shown = parts.filter(({ value }) => !isEmpty(value));
  if (shown.length === 0) return <Text c="dimmed">{t('call.analysis.none')}</Text>;
  return (
    <Stack gap="sm">
      {shown.map(({ name, value }) => (
        <div key={name}>
          <Text size="sm" fw={600} ff="monospace">
            {name}
          </Text>
          <Code block className="words" mah={320}>
            {JSON.stringify(value, null, 2)}
          </Code>
        </div>
      ))}
    </Stack>
  );
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
