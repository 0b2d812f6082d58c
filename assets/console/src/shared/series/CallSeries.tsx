import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { Schemas } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import { EmptyState } from '~/shared/ui/EmptyState';
import { Loaded } from '~/shared/ui/Loaded';
import { Section } from '~/shared/ui/Section';
import { KeyFigures } from './KeyFigures';
import { Legend } from './Legend';
import { SeriesTable } from './SeriesTable';
import { COLOURS, ENDS, endsOf, SPANS, useSeries, type Scope, type Span } from './series';
import { useMeasures } from './useMeasures';
import { useTimes } from './useTimes';
import classes from './series.module.css';

const Chart = lazy(() => import('./Chart'));
const WAITS = { p50: '--mantine-color-blue-5', p95: '--mantine-color-orange-6' } as const;

/** How calls went over the last hours or days, and how long callers waited for answers: as a picture or as a table. */
export function CallSeries({ title, scope }: { title: string; scope: Scope }) {
  const t = useT();
  const [params, setParams] = useSearchParams();
  const asked = params.get('span') as Span;
  const span = SPANS.includes(asked) ? asked : 'today';
  const [isTable, setTable] = useState(false);
  const query = useSeries(span, scope);
  const choose = (value: string) =>
    setParams((old) => {
      if (value === 'today') old.delete('span');
      else old.set('span', value);
      return old;
    }, { replace: true });
  return (
    <Section
      title={title}
      actions={
        <>
          <Button size="xs" variant="default" onClick={() => setTable(!isTable)}>
            {t(isTable ? 'series.asChart' : 'series.asTable')}
          </Button>
          <SegmentedControl size="xs" aria-label={t('series.span')} value={span} onChange={choose} data={SPANS.map((value) => ({ value, label: t(`series.${value}`) }))} />
        </>
      }
    >
      <div aria-busy={query.isPlaceholderData || undefined}>
        <Loaded query={query} lines={6}>
          {(series) => <Shown series={series} span={query.isPlaceholderData ? null : span} isTable={isTable} scope={scope} />}
        </Loaded>
      </div>
    </Section>
  );
}

function Shown({ series, span, isTable, scope }: { series: Schemas['CallSeries']; span: Span | null; isTable: boolean; scope: Scope }) {
  const t = useT();
  if (series.total.n_calls === 0) {
    return <EmptyState isSmall title={t(series.is_complete ? 'series.none' : 'series.counting')} more={t('series.none.more')} />;
  }
  return (
    <Stack gap="md" data-testid="series" data-span={span}>
      <KeyFigures figures={series.total} />
      {isTable ? <SeriesTable series={series} scope={scope} /> : <Pictures series={series} />}
    </Stack>
  );
}

function Pictures({ series }: { series: Schemas['CallSeries'] }) {
  const t = useT();
  const format = useFormat();
  const { wait } = useMeasures();
  const times = useTimes(series.bucket);
  const [place, setPlace] = useState<number | null>(null);
  const labels = useMemo(() => series.data.map(({ start }) => times.short(start)), [series.data, times]);
  const calls = useMemo(() => {
    const ends = series.data.map(endsOf);
    const used = ENDS.filter((end) => ends.some((of) => of[end] > 0));
    return used.map((end) => ({ end, colour: COLOURS[end], values: ends.map((of) => of[end]) }));
  }, [series.data]);
  const waits = useMemo(() => {
    const of = (name: 'p50_ms' | 'p95_ms') => series.data.map(({ latency }) => latency[name] ?? null);
    return [
      { name: 'p50', colour: WAITS.p50, values: of('p50_ms') },
      { name: 'p95', colour: WAITS.p95, values: of('p95_ms') },
    ];
  }, [series.data]);
  const number = useCallback((value: number) => format.number(value), [format]);
  const seconds = useCallback((value: number) => t('series.seconds', { n: value / 1000 }), [t]);
  const point = place === null ? null : (series.data[place] ?? null);
  const when = point ? times.full(point) : t('series.all');
  return (
    <>
      <div>
        <Legend
          when={when}
          parts={calls.map(({ end, colour, values }) => ({ key: end, colour, name: t(`series.end.${end}`), value: number(point ? (values[place ?? 0] ?? 0) : sum(values)) }))}
        />
        <Suspense fallback={<div className={classes.calls} aria-busy />}>
          <Chart kind="bars" labels={labels} rows={calls} format={number} height={220} onPlace={setPlace} label={t('series.picture', { n: series.total.n_calls })} />
        </Suspense>
      </div>
      {series.total.latency.n_answers > 0 && (
        <div>
          <Group gap="xs" mb={4}>
            <Text size="sm" fw={600}>
              {t('series.waits')}
            </Text>
          </Group>
          <Legend
            when={when}
            parts={waits.map(({ name, colour, values }) => ({ key: name, colour, name: t(`series.${name}`), value: wait(point ? values[place ?? 0] : series.total.latency[name === 'p50' ? 'p50_ms' : 'p95_ms']) }))}
          />
          <Suspense fallback={<div className={classes.waits} aria-busy />}>
            <Chart kind="lines" labels={labels} rows={waits} format={seconds} height={150} onPlace={setPlace} label={t('series.waits.picture')} />
          </Suspense>
        </div>
      )}
    </>
  );
}

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
