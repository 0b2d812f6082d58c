import { useMemo } from 'react';
import { useI18n } from '.';

/** Times in the viewer's own zone, and durations, in the language of the console. */
export function useFormat() {
  const { language } = useI18n();
  return useMemo(() => {
    const locale = localeOf(language);
    const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
    const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
    const short = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
    const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
    const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
    const number = new Intl.NumberFormat(locale);
    const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
    return {
      when: (at: string | null | undefined) => (at ? full.format(new Date(at)) : '–'),
      clock: (at: string | null | undefined) => (at ? clock.format(new Date(at)) : '–'),
      brief: (at: string) => brief(new Date(at), { clock, short, day }),
      number: (value: number) => number.format(value),
      percent: (value: number) => percent.format(value),
      bytes: (value: number) => sized(value, number),
      ago: (at: string, now = Date.now()) => {
        const seconds = Math.round((new Date(at).getTime() - now) / 1000);
        const steps: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60]];
        const [unit, size] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? (['second', 1] as const);
        return ago.format(Math.trunc(seconds / size), unit);
      },
      duration,
    };
  }, [language]);
}

/** A moment as a list shows it: today's without the day, this year's without the year, others without the time. */
function brief(at: Date, formats: Record<'clock' | 'short' | 'day', Intl.DateTimeFormat>): string {
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return formats.clock.format(at);
  return (at.getFullYear() === now.getFullYear() ? formats.short : formats.day).format(at);
}

/** The language of the console as the viewer's own country writes it: an English clock has 24 hours in Malta. */
export function localeOf(language: string): string {
  return navigator.languages.find((wanted) => wanted.split('-')[0] === language) ?? language;
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–';
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A size in the unit that fits. */
function sized(bytes: number, number: Intl.NumberFormat): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let n = 0;
  while (value >= 1000 && n < units.length - 1) {
    value /= 1000;
    n += 1;
  }
  return `${number.format(value >= 100 || n === 0 ? Math.round(value) : Math.round(value * 10) / 10)} ${units[n]}`;
}
