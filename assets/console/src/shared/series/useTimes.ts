import { useMemo } from 'react';
import { useI18n } from '~/shared/i18n';
import { localeOf } from '~/shared/i18n/format';
import type { Point } from './series';

/** What a bucket is called under the picture, and in full. */
export function useTimes(bucket: string) {
  const { language } = useI18n();
  return useMemo(() => {
    const locale = localeOf(language);
    const isHour = bucket === 'hour';
    const short = new Intl.DateTimeFormat(locale, isHour ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' });
    const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
    const day = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short' });
    return {
      short: (start: string) => short.format(new Date(start)),
      full: ({ start, end }: Pick<Point, 'start' | 'end'>) =>
        isHour ? `${clock.format(new Date(start))}–${clock.format(new Date(end))}` : day.format(new Date(start)),
    };
  }, [language, bucket]);
}
