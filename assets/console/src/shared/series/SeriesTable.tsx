import { Anchor, Table } from '@mantine/core';
import { Link } from 'react-router';
import type { Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { ENDS, endsOf, type Point, type Scope } from './series';
import { useMeasures } from './useMeasures';
import { useTimes } from './useTimes';

/** The figures of the pictures, row by row; a day leads to its calls. */
export function SeriesTable({ series, scope }: { series: Schemas['CallSeries']; scope: Scope }) {
  const t = useT();
  const format = useFormat();
  const times = useTimes(series.bucket);
  const rows = series.data.filter((point) => point.n_calls > 0);
  const used = ENDS.filter((end) => rows.some((point) => endsOf(point)[end] > 0));
  const { share, wait } = useMeasures();
  const heads = [t('series.calls'), ...used.map((end) => t(`series.end.${end}`)), t('series.answered'), t('series.mean'), t('series.p50'), t('series.p95')];
  return (
    <Table.ScrollContainer minWidth={560} type="native" mah={420} tabIndex={0}>
      <Table verticalSpacing={6} stickyHeader aria-label={t('series.table')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('series.when')}</Table.Th>
            {heads.map((head) => (
              <Table.Th key={head} ta="right">
                {head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((point) => {
            const ends = endsOf(point);
            const cells = [
              format.number(point.n_calls),
              ...used.map((end) => format.number(ends[end])),
              share(point.answered_share),
              format.duration(point.mean_duration_seconds),
              wait(point.latency.p50_ms),
              wait(point.latency.p95_ms),
            ];
            return (
              <Table.Tr key={point.start}>
                <Table.Td>
                  <When point={point} isDay={series.bucket === 'day'} scope={scope} words={times.full(point)} />
                </Table.Td>
                {cells.map((cell, n) => (
                  <Table.Td key={n} ta="right" className="tight">
                    {cell}
                  </Table.Td>
                ))}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function When({ point, isDay, scope, words }: { point: Point; isDay: boolean; scope: Scope; words: string }) {
  if (!isDay || scope.carrier_id || scope.number) return words;
  const at = new Date(point.start);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const query = new URLSearchParams({ from: day, to: day, ...(scope.bot_id ? { bot_id: scope.bot_id } : {}) });
  return (
    <Anchor component={Link} to={`/calls?${query}`} fz="inherit">
      {words}
    </Anchor>
  );
}
