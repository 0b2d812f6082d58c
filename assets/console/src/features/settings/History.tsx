import { Code, Stack, Text } from '@mantine/core';
import { api, need, type Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { DataTable, type Column } from '~/shared/ui/DataTable';
import { EmptyState } from '~/shared/ui/EmptyState';
import { useFilters, useListing } from '~/shared/ui/useListing';
import { useNames } from './useNames';

type Change = Schemas['ChangeView'];

/** Who changed what, newest first. */
export function History() {
  const t = useT();
  const format = useFormat();
  const names = useNames();
  const { offset } = useFilters([]);
  const list = useListing<Change>(['settings', 'history'], offset, (page) => need(api.GET('/api/v1/settings/history', { params: { query: page } })));
  const columns: Column<Change>[] = [
    { key: 'when', header: t('settings.history.when'), cell: (row) => format.when(row.at) },
    { key: 'by', header: t('common.by'), cell: (row) => row.actor },
    { key: 'section', header: t('settings.history.section'), cell: (row) => names.section(row.section) },
    { key: 'what', header: t('settings.history.what'), cell: (row) => <Difference row={row} /> },
  ];
  return (
    <DataTable
      label={t('settings.section.history')}
      query={list}
      columns={columns}
      rowKey={(row) => String(row.id)}
      empty={<EmptyState title={t('settings.history.empty')} />}
    />
  );
}

function Difference({ row }: { row: Change }) {
  const names = useNames();
  const before = row.before as Record<string, unknown>;
  const after = row.after as Record<string, unknown>;
  return (
    <Stack gap={4}>
      {Object.keys({ ...before, ...after }).map((name) => (
        <Text key={name} size="sm" className="words">
          {names.key(row.section, name)}: <Code>{shown(before[name])}</Code> → <Code>{shown(after[name])}</Code>
        </Text>
      ))}
    </Stack>
  );
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
