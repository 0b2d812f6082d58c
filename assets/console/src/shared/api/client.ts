import createClient from 'openapi-fetch';
import { ApiError } from './error';
import type { components, paths } from './schema';
import { session } from './session';

/** Sends a request as whoever is signed in. After a 401 it waits for a new token and sends the same request once more. */
export async function authorised(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const again = request.clone();
  const token = session.token();
  const response = await send(request, token);
  if (response.status !== 401 || token === null) return response;
  await session.renew(token);
  return send(again, session.token());
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token) request.headers.set('authorization', `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw ApiError.network();
  }
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: authorised });
export type Schemas = components['schemas'];

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** The body of an answer; a refusal is thrown. */
export async function need<A extends Answer>(answer: Promise<A>): Promise<NonNullable<A['data']>> {
  const { data, error, response } = await answer;
  if (!response.ok) throw ApiError.of(response, error);
  return data as never;
}
