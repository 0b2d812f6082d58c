import { Code, List, Stack, Table, Text } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { Words } from '~/shared/ui/Words';
import { Intents, isIntents, isWaits, Waits } from './Measured';
import type { Call } from './model';

/** Longer lists are shown as they came. */
const MOST = 100;
const PARTS = ['post_call_analysis', 'qc_analysis', 'intents', 'latency'] as const;

/** What was made of the call after it: the analysis, the quality check, the intents, the waiting times. */
export function Analysis({ call }: { call: Call }) {
  const t = useT();
  const shown = PARTS.filter((name) => !isEmpty(call[name]));
  if (shown.length === 0) return <Text c="dimmed">{t('call.analysis.none')}</Text>;
  return (
    <Stack gap="md">
      {shown.map((name) => (
        <div key={name} role="group" aria-label={t(`call.analysis.${name}`)}>
          <Text size="sm" fw={600} mb={4}>
            {t(`call.analysis.${name}`)}
          </Text>
          <Part name={name} value={call[name]} />
        </div>
      ))}
    </Stack>
  );
}

function Part({ name, value }: { name: (typeof PARTS)[number]; value: unknown }) {
  if (name === 'intents' && isIntents(value)) return <Intents intents={value} />;
  if (name === 'latency' && isWaits(value)) return <Waits latency={value} />;
  return <Said value={value} />;
}

/** What a model said, as a person reads it: words as words, names beside what they stand for, lists as lists, and the rest as it came. */
function Said({ value }: { value: unknown }) {
  if (isPlain(value)) return <Words size="sm">{String(value)}</Words>;
  if (Array.isArray(value) && value.length <= MOST && value.every(isPlain)) {
    return (
      <List size="sm" spacing={2}>
        {value.map((item, n) => (
          <List.Item key={n}>
            <Words size="sm">{String(item)}</Words>
          </List.Item>
        ))}
      </List>
    );
  }
  if (Array.isArray(value) && value.length <= MOST) {
    return (
      <Stack gap="xs">
        {(value as unknown[]).map((item, n) => (
          <Said key={n} value={item} />
        ))}
      </Stack>
    );
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return <Named value={value as Record<string, unknown>} />;
  return (
    <Code block className="words" mah={320} tabIndex={0}>
      {JSON.stringify(value, null, 2)}
    </Code>
  );
}

function Named({ value }: { value: Record<string, unknown> }) {
  return (
    <Table variant="vertical" withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Tbody>
        {Object.entries(value)
          .filter(([, part]) => !isEmpty(part))
          .map(([name, part]) => (
            <Table.Tr key={name}>
              <Table.Th w={170} fw={500} bg="transparent" px={0}>
                <Words size="sm">{name}</Words>
              </Table.Th>
              <Table.Td>
                <Said value={part} />
              </Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
