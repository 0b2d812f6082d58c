/** A turn of a conversation in writing, as the API gives and takes it. */
export interface Turn {
  role: 'assistant' | 'user' | 'tool';
  content: string;
  /** What a flow recognised. */
  intent?: string;
  tool?: string;
  arguments?: unknown;
  failed?: boolean;
  knowledge?: unknown;
  [field: string]: unknown;
}

export function saidOf(content: string): Turn {
  return { role: 'user', content };
}
