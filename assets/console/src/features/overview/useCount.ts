import { useQuery } from '@tanstack/react-query';
import { api, need } from '~/shared/api/client';

/** How many calls match, without reading them. */
export function useCount(name: string, query: Record<string, string>) {
  return useQuery({
    queryKey: ['calls', 'count', name, query],
    queryFn: async () => (await need(api.GET('/api/v1/calls', { params: { query: { ...query, limit: '1' } } }))).total,
  });
}

/** Today in the viewer's own zone: the moment it began, and the day as lists take it. */
export function today() {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const two = (value: number) => String(value).padStart(2, '0');
  return { from: midnight.toISOString(), day: `${midnight.getFullYear()}-${two(midnight.getMonth() + 1)}-${two(midnight.getDate())}` };
}
