import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** One row of figures, one for each label; null where there is none. */
export interface Row {
  colour: string;
  values: (number | null)[];
}

interface Props {
  /** Bars stand on each other, the first at the bottom; lines stand for themselves. */
  kind: 'bars' | 'lines';
  labels: string[];
  rows: Row[];
  format: (value: number) => string;
  /** What the picture shows, for readers that cannot see it. */
  label: string;
  height: number;
  /** The place under the pointer, or none. */
  onPlace: (place: number | null) => void;
}

/** Steps of the upper axis: whole calls, and round parts of a second. */
const ROUND = [1, 2, 5];
const COUNTS = [0, 1, 2, 3, 4, 5].flatMap((power) => ROUND.map((step) => step * 10 ** power));
const MILLIS = COUNTS.filter((step) => step >= 100);

/** Figures over time. A table beside it holds the same for whoever cannot see it. */
export default function Chart({ kind, labels, rows, format, label, height, onPlace }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const colours = useComputedColorScheme('light');
  useEffect(() => {
    const holder = box.current;
    if (!holder) return;
    const data = kind === 'bars' ? stacked(rows) : rows;
    const plot = new uPlot(
      {
        width: holder.clientWidth,
        height,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: kind === 'lines' } },
        scales: {
          x: { time: false, range: [-0.5, labels.length - 0.5] },
          y: { range: (_, __, most) => [0, Math.max(most ?? 0, 1) * 1.08] },
        },
        axes: axes(kind, holder, labels, format),
        series: [{}, ...data.map((row) => drawn(kind, colourOf(holder, row.colour)))],
        hooks: { setCursor: [({ cursor }) => onPlace(cursor.idx ?? null)] },
      },
      [labels.map((_, n) => n), ...data.map((row) => row.values)],
      holder,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: holder.clientWidth, height }));
    watch.observe(holder);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
    // A change of colours gives the variables other values.
  }, [kind, labels, rows, format, height, onPlace, colours]);
  return <div ref={box} role="img" aria-label={label} data-testid="chart" data-places={labels.length} style={{ height }} />;
}

/** Sums from the bottom up, the highest first, so that lower ones are drawn over it. */
function stacked(rows: Row[]): Row[] {
  const sums = rows.map((row, n) => ({
    colour: row.colour,
    values: row.values.map((_, at) => rows.slice(0, n + 1).reduce((sum, { values }) => sum + (values[at] ?? 0), 0)),
  }));
  return sums.reverse();
}

function drawn(kind: Props['kind'], colour: string): uPlot.Series {
  if (kind === 'lines') return { stroke: colour, width: 2, spanGaps: true, points: { show: true, size: 5, fill: colour } };
  return { stroke: colour, fill: colour, width: 0, points: { show: false }, paths: uPlot.paths.bars?.({ size: [0.72, 42], radius: 0.12 }) };
}

function axes(kind: Props['kind'], holder: HTMLElement, labels: string[], format: (value: number) => string): uPlot.Axis[] {
  const text = colourOf(holder, '--mantine-color-dimmed');
  const line = colourOf(holder, '--mantine-color-default-border');
  const font = `12px ${getComputedStyle(holder).fontFamily}`;
  const look = { stroke: text, font, ticks: { show: false } };
  return [
    { ...look, grid: { show: false }, size: 30, space: 58, incrs: [1, 2, 3, 4, 6, 7, 12, 24, 48], values: (_, places) => places.map((at) => labels[at] ?? '') },
    { ...look, grid: { stroke: line, width: 1 }, size: 56, space: 36, incrs: kind === 'bars' ? COUNTS : MILLIS, values: (_, values) => values.map(format) },
  ];
}

/** The value of a colour of the theme, which the canvas cannot look up. */
function colourOf(holder: HTMLElement, name: string): string {
  return getComputedStyle(holder).getPropertyValue(name).trim() || 'currentColor';
}
