import { authorised } from '~/shared/api/client';
import type { Schemas } from '~/shared/api/client';
import { readEvents } from './sse';

export type LiveEvent = Schemas['CallEvent'] & { session_id: string };
/** Since when nothing has been heard; `null` while the line is up. */
export type Health = { staleSince: number | null };

const URL = '/api/v1/events/stream';
/** The server sends something at least every 15 s; after two missed beats the line is dead. */
const SILENCE_MS = 35_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

type Listener = { event?: (event: LiveEvent) => void; back?: () => void };

/** One line to the server for all screens. It comes back for ever, and tells its listeners when they may have missed something. */
class LiveStream {
  private listeners = new Set<Listener>();
  private watchers = new Set<() => void>();
  private health: Health = { staleSince: Date.now() };
  private lastId = '';
  private stopper: AbortController | null = null;

  /** Calls back with each event, and with `back` when the line was down and everything should be read anew. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  watch = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  current = () => this.health;

  start() {
    if (this.stopper) return;
    this.stopper = new AbortController();
    void this.run(this.stopper.signal);
  }

  stop() {
    this.stopper?.abort();
    this.stopper = null;
    this.lastId = '';
    this.become({ staleSince: Date.now() });
  }

  private async run(stopped: AbortSignal) {
    let wait = FIRST_WAIT_MS;
    while (!stopped.aborted) {
      const wasUp = await this.read(stopped).catch(() => false);
      if (stopped.aborted) return;
      if (this.health.staleSince === null) this.become({ staleSince: Date.now() });
      wait = wasUp ? FIRST_WAIT_MS : Math.min(wait * 2, LONGEST_WAIT_MS);
      const jitter = wait * (0.5 + Math.random() / 2);
      await new Promise((go) => setTimeout(go, jitter));
    }
  }

  private async read(stopped: AbortSignal): Promise<boolean> {
    const line = new AbortController();
    const hangUp = () => line.abort();
    stopped.addEventListener('abort', hangUp);
    let silence = setTimeout(hangUp, SILENCE_MS);
    let isUp = false;
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (this.lastId) headers['last-event-id'] = this.lastId;
      const response = await authorised(URL, { headers, signal: line.signal, cache: 'no-store' });
      if (!response.ok || !response.body) return false;
      isUp = true;
      this.become({ staleSince: null });
      for (const listener of this.listeners) listener.back?.();
      await readEvents(response.body, (event) => {
        clearTimeout(silence);
        silence = setTimeout(hangUp, SILENCE_MS);
        if (event) this.tell(event);
      });
    } catch {
      return isUp;
    } finally {
      clearTimeout(silence);
      stopped.removeEventListener('abort', hangUp);
    }
    return isUp;
  }

  private tell(event: { id: string; name: string; data: string }) {
    if (event.id) this.lastId = event.id;
    if (event.name === 'lagged') {
      for (const listener of this.listeners) listener.back?.();
      return;
    }
    const parsed = JSON.parse(event.data) as LiveEvent;
    for (const listener of this.listeners) listener.event?.(parsed);
  }

  private become(health: Health) {
    this.health = health;
    for (const watcher of this.watchers) watcher();
  }
}

export const live = new LiveStream();
