import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { api, need } from '~/shared/api/client';
import { useT } from '~/shared/i18n';
import { sentence } from '~/shared/ui/ErrorBox';
import { told } from '~/shared/ui/told';
import { isCatchAll, keyOf, type Route } from './match';

/** The list with one of its parts taken out and put in elsewhere. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** The row at this height; the last one below the table. */
function rowAt(body: Element | null, y: number): number {
  const rows = [...(body?.children ?? [])];
  const at = rows.findIndex((row) => y < row.getBoundingClientRect().bottom);
  return at < 0 ? rows.length - 1 : at;
}

/** Saves an order as a whole. It is shown at once, and as it was when the server refuses. */
function useSaveOrder() {
  const t = useT();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (next: Route[]) => {
      const named = next.filter((route) => !isCatchAll(route)).map(({ did, fromNumber }) => ({ did, ...(fromNumber ? { fromNumber } : {}) }));
      return need(api.PUT('/api/v1/inbound-routes/order', { body: { routes: named } }));
    },
    onMutate: async (next) => {
      await client.cancelQueries({ queryKey: ['routes'] });
      client.setQueryData<{ data: Route[] }>(['routes'], (list) => list && { ...list, data: next });
    },
    onError: (problem) => told(sentence(problem, t).more, 'red'),
    onSettled: () => client.invalidateQueries({ queryKey: ['routes'] }),
    scope: { id: 'routes-order' },
  });
}

/** The order of the routes: what is dragged is shown where it would stand, and what was moved is saved. The catch-all stays last. */
export function useArranging(routes: Route[]) {
  const t = useT();
  const save = useSaveOrder();
  const body = useRef<HTMLTableSectionElement>(null);
  const [dragged, setDragged] = useState<{ from: number; to: number } | null>(null);
  const [followed, setFollowed] = useState('');
  const [said, setSaid] = useState('');
  const last = routes.filter((route) => !isCatchAll(route)).length - 1;
  const bounded = (to: number) => Math.max(0, Math.min(last, to));
  const move = (from: number, to: number) => {
    const place = bounded(to);
    if (place === from) return;
    setSaid(t('routes.moved', { did: routes[from]?.did ?? '', n: place + 1 }));
    setFollowed(routes[from] ? keyOf(routes[from]) : '');
    save.mutate(moved(routes, from, place));
  };
  const drag = useEffectEvent((event: PointerEvent) => {
    const to = bounded(rowAt(body.current, event.clientY));
    setDragged((old) => (old === null || old.to === to ? old : { ...old, to }));
  });
  const drop = useEffectEvent(() => {
    if (dragged) move(dragged.from, dragged.to);
    setDragged(null);
  });
  const isDragging = dragged !== null;
  // The row moves in the document while it is dragged and would lose the pointer, so the window listens.
  useEffect(() => {
    if (!isDragging) return undefined;
    const end = new AbortController();
    const letGo = () => setDragged(null);
    window.addEventListener('pointermove', (event) => drag(event), end);
    window.addEventListener('pointerup', () => drop(), end);
    window.addEventListener('pointercancel', letGo, end);
    window.addEventListener('keydown', (event) => event.key === 'Escape' && letGo(), end);
    return () => end.abort();
  }, [isDragging]);
  return {
    body,
    shown: dragged ? moved(routes, dragged.from, dragged.to) : routes,
    /** Where the row stands that is being dragged. */
    held: dragged?.to ?? -1,
    /** The row that was moved by its handle, which keeps the focus wherever it goes. */
    followed,
    unfollow: () => setFollowed(''),
    /** For readers that cannot see the row move. */
    said,
    move,
    grab: (from: number) => setDragged({ from, to: from }),
  };
}

export type Arranging = ReturnType<typeof useArranging>;
