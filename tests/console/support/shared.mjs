// The appliance that run.mjs has started for all screens.
export const URL_ = process.env.CXBOX_URL;
export const CALL = process.env.CXBOX_TEST_CALL;

/** Asks its API as the owner. */
export async function ask(method, path, body, headers = {}) {
  const answer = await fetch(URL_ + path, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${process.env.CXBOX_TEST_TOKEN}`, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Stores the result of a call as an engine does. */
export const result = (body) => ask('POST', '/api/v1/call-results', body, { 'x-cxbcore-secret': process.env.CXBOX_TEST_CORE, authorization: '' });
