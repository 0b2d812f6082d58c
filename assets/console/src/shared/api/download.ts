import { save } from '~/shared/save';
import { authorised } from './client';
import { ApiError } from './error';

/** Fetches a file as whoever is signed in and hands it to the browser to be saved. A refusal is thrown. */
export async function download(path: string, query: Record<string, string>, name: string, type: string) {
  const url = new URL(path, window.location.origin);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  const response = await authorised(url.href);
  if (!response.ok) throw ApiError.of(response, await response.json().catch(() => null));
  save(name, await response.blob(), type);
}
