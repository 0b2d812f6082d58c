import { Table } from '@mantine/core';
import { useFormat } from '~/shared/i18n/format';
import { useCode } from '~/shared/ui/callWords';
import { Words } from '~/shared/ui/Words';

interface Intent {
  id: string;
  confidence?: number;
  ts?: string;
}

/** The intents a flow recognised: which, how sure it was, and when. Those of another engine may look otherwise. */
export function Intents({ intents }: { intents: Intent[] }) {
  const format = useFormat();
  const rows = intents.map(({ id, confidence, ts }): [string, string, string] => [
    id,
    confidence === undefined ? '' : format.percent(confidence),
    ts ? format.clock(ts) : '',
  ]);
  return <Rows rows={rows} />;
}

export function isIntents(value: unknown): value is Intent[] {
  return Array.isArray(value) && value.every((item) => typeof (item as Intent | null)?.id === 'string');
}

/** How long the bot took over all turns, by the names of the API in words. */
export function Waits({ latency }: { latency: Record<string, number> }) {
  const format = useFormat();
  const code = useCode();
  const shown = (name: string, value: number) => (name.endsWith('_ms') ? `${format.number(value)} ms` : format.number(value));
  return <Rows rows={Object.entries(latency).map(([name, value]) => [code('latency', name) ?? name, shown(name, value), ''])} />;
}

export function isWaits(value: unknown): value is Record<string, number> {
  return value !== null && typeof value === 'object' && Object.values(value).every((part) => typeof part === 'number');
}

function Rows({ rows }: { rows: [string, string, string][] }) {
  return (
    <Table variant="vertical" withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Tbody>
        {rows.map(([name, value, more], n) => (
          <Table.Tr key={n}>
            <Table.Th w={280} fw={500} bg="transparent" px={0}>
              <Words size="sm">{name}</Words>
            </Table.Th>
            <Table.Td>{value}</Table.Td>
            <Table.Td c="dimmed">{more}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
