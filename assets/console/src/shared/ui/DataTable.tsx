import { Anchor, Box, Paper, Table } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { memo, type ReactNode } from 'react';
import { Link } from 'react-router';
import { Loaded } from './Loaded';
import { Pager } from './Pager';

export interface Column<T> {
  key: string;
  header: string;
  cell: (row: T) => ReactNode;
  align?: 'left' | 'right';
  /** Left out on a narrow screen. */
  isMinor?: boolean;
}

export interface ListOf<T> {
  data: T[];
  total: number;
  limit: number;
  offset: number;
}

interface Props<T> {
  query: UseQueryResult<ListOf<T>>;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  /** Where the first cell of a row leads; for some rows nowhere. */
  link?: (row: T) => string | null;
  /** For readers that cannot see it. */
  label: string;
  empty: ReactNode;
  /** How many rows there are, where that is asked apart; null while it is counted. */
  total?: number | null;
}

/** The one table of the console: it loads, fails, is empty, and turns its pages. Rows of the filter before are pale until the new ones are there. */
export function DataTable<T>({ query, columns, rowKey, link, label, empty, total }: Props<T>) {
  return (
    <Paper withBorder radius="md" p={query.data?.data.length ? 0 : 'md'} aria-busy={query.isPlaceholderData || undefined} className="list">
      <Loaded query={query}>
        {(list) =>
          list.data.length === 0 && list.offset === 0 ? (
            empty
          ) : (
            <>
              <Table.ScrollContainer minWidth={320} type="native">
                <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label={label}>
                  <Table.Thead>
                    <Table.Tr>
                      {columns.map((column) => (
                        <Table.Th key={column.key} ta={column.align} visibleFrom={column.isMinor ? 'md' : undefined}>
                          {column.header}
                        </Table.Th>
                      ))}
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {list.data.map((row) => (
                      <Row key={rowKey(row)} row={row} columns={columns} to={link?.(row)} />
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
              <Box px="md" py="xs">
                <Pager total={total ?? list.total} isCounting={total === null} limit={list.limit} offset={list.offset} />
              </Box>
            </>
          )
        }
      </Loaded>
    </Paper>
  );
}

interface RowProps<T> {
  row: T;
  columns: Column<T>[];
  to: string | null | undefined;
}

/** One row. Where the columns stay the same it is drawn anew for its own data alone: a filter that changes leaves old rows in peace. */
const Row = memo(function Row<T>({ row, columns, to }: RowProps<T>) {
  return (
    <Table.Tr>
      {columns.map((column, n) => (
        <Table.Td key={column.key} ta={column.align} className={column.align === 'right' ? 'tight' : undefined} visibleFrom={column.isMinor ? 'md' : undefined}>
          <Cell to={n === 0 ? to : null}>{column.cell(row)}</Cell>
        </Table.Td>
      ))}
    </Table.Tr>
  );
}) as <T>(props: RowProps<T>) => ReactNode;

function Cell({ to, children }: { to?: string | null; children: ReactNode }) {
  if (!to) return children;
  return (
    <Anchor component={Link} to={to} fw={500} fz="inherit" className="words">
      {children}
    </Anchor>
  );
}
