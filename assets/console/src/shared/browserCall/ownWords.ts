import { readEvents } from '~/shared/live/sse';

/** What one of the two said. */
export interface OwnTurn {
  seq: number;
  role: 'assistant' | 'user';
  content: string;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Tells what is said on a call that was started here, as it is said; also without a sign-in. Ends with the call, or when it is stopped. */
export function listenToOwnCall(sessionId: string, key: string, told: (turn: OwnTurn) => void): () => void {
  const stopper = new AbortController();
  void follow(`/api/v1/public/calls/${encodeURIComponent(sessionId)}/words`, key, told, stopper.signal);
  return () => stopper.abort();
}

async function follow(url: string, key: string, told: (turn: OwnTurn) => void, stopped: AbortSignal) {
  let last = '0';
  let wait = FIRST_WAIT_MS;
  while (!stopped.aborted) {
    try {
      const headers = { accept: 'text/event-stream', 'x-call-key': key, 'last-event-id': last };
      const response = await fetch(url, { headers, signal: stopped, cache: 'no-store' });
      // The key is worth nothing any more.
      if (response.status === 404 || !response.body) return;
      const call = { isOver: false };
      if (response.ok) {
        wait = FIRST_WAIT_MS;
        await readEvents(response.body, (event) => {
          if (!event) return;
          if (event.name === 'completed') call.isOver = true;
          if (event.name !== 'turn') return;
          last = event.id;
          told({ seq: Number(event.id), ...(JSON.parse(event.data) as Omit<OwnTurn, 'seq'>) });
        });
      }
      if (call.isOver) return;
    } catch {
      // The line is down: it is tried again.
    }
    const pause = wait;
    await new Promise((go) => setTimeout(go, pause));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}
