import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import type { ListOf } from './DataTable';

const PAGE = 50;

/** What the address asks for: the filters named, and the page. */
export function useFilters<K extends string>(names: readonly K[]) {
  const [params, setParams] = useSearchParams();
  const filters = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ''])) as Record<K, string>;
  const set = (name: K, value: string | null) => {
    // The address itself, not what was last drawn: of two quick changes the second must keep the first.
    const next = new URLSearchParams(window.location.search);
    if (value) next.set(name, value);
    else next.delete(name);
    next.delete('offset');
    setParams(next, { replace: true });
  };
  const clear = () => setParams(new URLSearchParams(), { replace: true });
  const offset = Math.max(0, Number(params.get('offset')) || 0);
  return { filters, set, clear, offset, isFiltered: names.some((name) => filters[name] !== '') };
}

/** Reads one page of a list and keeps the old one on screen while the next is on its way. */
export function useListing<T>(
  key: readonly unknown[],
  offset: number,
  read: (page: { limit: string; offset: string }) => Promise<ListOf<T>>,
  /** How soon it is to be read again, by what it says now; never when absent. */
  again?: (list: ListOf<T> | undefined) => number | false,
): UseQueryResult<ListOf<T>> {
  return useQuery({
    queryKey: [...key, offset],
    queryFn: () => read({ limit: String(PAGE), offset: String(offset) }),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => again?.(query.state.data) ?? false,
  });
}
