import { useT } from '~/shared/i18n';
import { useFormat } from '~/shared/i18n/format';

type Maybe = number | null | undefined;

/** Figures in words; a dash where there is none. */
export function useMeasures() {
  const t = useT();
  const format = useFormat();
  const known = (value: Maybe, say: (value: number) => string) => (value === null || value === undefined ? '–' : say(value));
  return {
    share: (value: Maybe) => known(value, format.percent),
    wait: (ms: Maybe) => known(ms, (value) => t('series.seconds', { n: value / 1000 })),
  };
}
