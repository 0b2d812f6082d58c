import { ApiError } from '~/shared/api/error';

/** A stored object as somebody edits it; nothing is empty. */
export function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : JSON.stringify(value, null, 2);
}

/** The object that was typed; `null` when nothing was. What is no JSON object is refused as the server refuses a field, with the reader's own reason. */
export function objectOf(text: string, field: string): Record<string, never> | null {
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (problem) {
    throw refusal(field, problem instanceof Error ? problem.message : '');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(field, '{ … }');
  return value as Record<string, never>;
}

function refusal(field: string, reason: string): ApiError {
  const message = `JSON: ${reason}`;
  return new ApiError(422, 'no_json', message, [{ field, message }]);
}
