/** What the server said about one field of a form. */
export interface FieldError {
  field: string;
  message: string;
}

/** A refusal of the server, or the absence of one that answers (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldError[];
  readonly requestId: string;

  constructor(status: number, code: string, message: string, fields: FieldError[] = [], requestId = '') {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.requestId = requestId;
  }

  static of(response: Response, body: unknown): ApiError {
    const said = (body ?? {}) as { error?: string; error_description?: string; errors?: FieldError[]; request_id?: string };
    const sentence = said.error_description ?? `${response.status} ${response.statusText}`;
    return new ApiError(response.status, said.error ?? 'unknown', sentence, said.errors ?? [], said.request_id);
  }

  static network(): ApiError {
    return new ApiError(0, 'network', '');
  }
}

/** The server's name of a field as the form's library spells it: `intents[0].reply` is `intents.0.reply`. */
export function formField(field: string): string {
  return field.replaceAll(/\[(\d+)\]/g, '.$1').replace(/^\./, '');
}
