import { lazy, type FunctionComponent } from 'react';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** A page that was read anew for this reason is not read anew again so soon. */
const REREAD_AFTER_MS = 60_000;
const REREAD = 'cxbox-reread';

/**
 * A part of the console whose files are read when it is first shown. While the box is away they are asked for until they come. A box that is back
 * with another version has files of other names: then the page is read anew.
 */
export function later<P extends object>(load: () => Promise<{ default: FunctionComponent<P> }>) {
  return lazy(() => patiently(load));
}

async function patiently<M>(load: () => Promise<M>): Promise<M> {
  for (let wait = FIRST_WAIT_MS, wasThere = false; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await load();
    } catch (problem) {
      const isThere = await fetch('/version', { cache: 'no-store' }).then((answer) => answer.ok, () => false);
      // Once it may have come back between the two questions.
      if (isThere && wasThere) {
        if (!mayReread()) throw problem;
        window.location.reload();
      }
      wasThere = isThere;
      await new Promise((go) => setTimeout(go, wait));
    }
  }
}

function mayReread(): boolean {
  const before = Number(window.sessionStorage.getItem(REREAD) ?? 0);
  window.sessionStorage.setItem(REREAD, String(Date.now()));
  return Date.now() - before > REREAD_AFTER_MS;
}
