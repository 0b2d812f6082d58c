import { ApiError } from './error';
import { session } from './session';

interface Upload {
  method?: 'POST' | 'PUT';
  path: string;
  body: Blob | FormData;
  /** For a body that does not name its own type. */
  contentType?: string;
  /** From 0 to 1, as the server takes it. */
  onProgress: (part: number) => void;
  signal: AbortSignal;
}

/** Sends a file as whoever is signed in, telling how far it is; `fetch` cannot tell that. After a 401 it is sent once more with a new token. */
export async function upload<T>(order: Upload): Promise<T> {
  const token = session.token();
  const first = await send(order, token);
  if (first.status !== 401 || token === null) return first.read<T>();
  await session.renew(token);
  return (await send(order, session.token())).read<T>();
}

class Answer {
  readonly status: number;
  private readonly text: string;

  constructor(status: number, text: string) {
    this.status = status;
    this.text = text;
  }

  read<T>(): T {
    let body: unknown = null;
    try {
      body = JSON.parse(this.text);
    } catch {
      // What is no JSON has no words for a person either; the status says it.
    }
    if (this.status >= 400) throw ApiError.of(new Response(null, { status: this.status }), body);
    return body as T;
  }
}

function send({ method = 'POST', path, body, contentType, onProgress, signal }: Upload, token: string | null): Promise<Answer> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => done(new Answer(request.status, request.responseText));
    request.onerror = () => fail(ApiError.network());
    request.onabort = () => fail(new DOMException('the upload was cancelled', 'AbortError'));
    request.onloadend = () => signal.removeEventListener('abort', stop);
    signal.addEventListener('abort', stop);
    request.open(method, path);
    if (contentType) request.setRequestHeader('content-type', contentType);
    if (token) request.setRequestHeader('authorization', `Bearer ${token}`);
    request.send(body);
  });
}
