import { Box, Text } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';
import type { Figures } from './series';
import { useMeasures } from './useMeasures';
import classes from './series.module.css';

/** What a span of time comes to, in five numbers. */
export function KeyFigures({ figures }: { figures: Figures }) {
  const t = useT();
  const format = useFormat();
  const { share, wait } = useMeasures();
  const parts: [string, string][] = [
    ['series.calls', format.number(figures.n_calls)],
    ['series.answered', share(figures.answered_share)],
    ['series.mean', format.duration(figures.mean_duration_seconds)],
    ['series.p50', wait(figures.latency.p50_ms)],
    ['series.p95', wait(figures.latency.p95_ms)],
  ];
  return (
    <Box component="dl" m={0} className={classes.figures}>
      {parts.map(([name, value]) => (
        <div key={name}>
          <Text component="dt" size="xs" c="dimmed">
            {t(name)}
          </Text>
          <Text component="dd" m={0} fz="lg" fw={650} className={classes.figure}>
            {value}
          </Text>
        </div>
      ))}
    </Box>
  );
}
