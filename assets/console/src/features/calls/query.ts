/** Filters that are always shown, and those behind "more". */
export const FIRST = ['q', 'status', 'phone', 'from', 'to'] as const;
export const MORE = ['direction', 'bot_id', 'tag', 'has_recording', 'disposition', 'min_duration', 'sort'] as const;
export const FILTERS = [...FIRST, ...MORE];
export type FilterName = (typeof FILTERS)[number];
export type Filters = Record<FilterName, string>;

/** The filters as the API takes them: days are moments in the viewer's own zone, empty ones are left out. */
export function queryOf(filters: Filters): Partial<Filters> {
  const wanted = { ...filters, from: day(filters.from, 0), to: day(filters.to, 1) };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
}

/** Whether all that is found must be looked at to be counted; then the rows are shown before their number is known. */
export function isSlowToCount({ q, phone, tag }: Partial<Filters>): boolean {
  return Boolean(q || phone || tag);
}

/** The first moment of a day, `plus` days later. */
function day(date: string, plus: number): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return '';
  const at = new Date(`${date}T00:00:00`);
  at.setDate(at.getDate() + plus);
  return at.toISOString();
}
