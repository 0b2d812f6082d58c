/** What somebody should know about a text with variables before it is spoken. `fix` is what would be right instead. */
export interface Finding {
  kind: 'unclosed' | 'unopened' | 'empty' | 'unknown' | 'scope' | 'single' | 'long';
  /** The words it is about. */
  text: string;
  /** From where to where in the text. */
  from: number;
  to: number;
}

export interface Variable {
  name: string;
  /** The message that says what it is filled with. */
  about: string;
}

/** What the box itself fills in; a call's own event and the CRM may bring more under `call.` and `crm.`. */
export const KNOWN: Variable[] = [
  { name: 'system.current_date', about: 'variable.date' },
  { name: 'system.current_time', about: 'variable.time' },
  { name: 'system.timezone', about: 'variable.zone' },
  { name: 'call.from_number', about: 'variable.from' },
  { name: 'call.to_number', about: 'variable.to' },
  { name: 'call.did', about: 'variable.did' },
  { name: 'call.display_name', about: 'variable.name' },
  { name: 'call.direction', about: 'variable.direction' },
  { name: 'call.call_id', about: 'variable.call' },
];

const SCOPES = new Set(['system', 'call', 'crm']);
/** A language model reads the whole prompt on every turn; beyond this it costs time on each. */
const LONG = 12_000;
export const PATTERN = /\{\{([^{}]*)\}\}/g;

/** Looks a text over: braces that do not close, names nobody fills in, single braces that look like a variable. */
export function lint(text: string): Finding[] {
  const found: Finding[] = [];
  const covered: [number, number][] = [];
  for (const match of text.matchAll(PATTERN)) {
    const [whole, inner = ''] = match;
    covered.push([match.index, match.index + whole.length]);
    const problem = judge(inner.trim());
    if (problem) found.push({ kind: problem, text: whole, from: match.index, to: match.index + whole.length });
  }
  for (const match of text.matchAll(/\{\{|\}\}/g)) {
    if (inside(covered, match.index)) continue;
    const isOpen = match[0] === '{{';
    found.push({ kind: isOpen ? 'unclosed' : 'unopened', text: around(text, match.index), from: match.index, to: match.index + 2 });
  }
  for (const match of text.matchAll(/(?<!\{)\{((?:system|call|crm)\.\w+)\}(?!\})/g)) {
    found.push({ kind: 'single', text: match[0], from: match.index, to: match.index + match[0].length });
  }
  if (text.length > LONG) found.push({ kind: 'long', text: String(text.length), from: 0, to: 0 });
  return found.sort((a, b) => a.from - b.from);
}

function judge(name: string): Finding['kind'] | null {
  if (name === '') return 'empty';
  const [scope = '', field] = name.split('.');
  if (field === undefined) return null;
  if (!SCOPES.has(scope)) return 'scope';
  return scope === 'system' && !KNOWN.some((known) => known.name === name) ? 'unknown' : null;
}

function inside(ranges: [number, number][], at: number): boolean {
  return ranges.some(([from, to]) => at >= from && at < to);
}

function around(text: string, at: number): string {
  return text.slice(Math.max(0, at - 10), at + 20).replaceAll('\n', ' ').trim();
}
