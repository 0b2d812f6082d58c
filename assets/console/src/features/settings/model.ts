/** A section as the API shows it: its values, and under `keys` who set each of them. */
export interface SectionView {
  [name: string]: unknown;
  keys: Record<string, { locked: boolean; set_by: string }>;
}

/** How a value is typed in. */
export type Kind = 'text' | 'secret' | 'long' | 'number' | 'switch' | 'list' | 'choice' | 'bot' | 'json';
export type Values = Record<string, string | number | boolean>;

const CHOICES: Record<string, string[]> = { 'mail.security': ['starttls', 'tls', 'off'] };
const LONG = new Set(['mail.ca_pem']);
const SECRET = /(password|secret|secret_key|access_key|api_key|token)$/;
/** Sections in the order of the menu; the box may know more, and those follow. */
const FIRST = ['outbound', 'mail', 'brand', 'providers', 'storage', 'backup', 'retention', 'knowledge', 'fleet'];

export function sectionsOf(all: Record<string, SectionView>): string[] {
  const names = Object.keys(all);
  return [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
}

/** What belongs first in a section; keys that are not named here follow in the order of their names. */
const ORDER = [
  ...['window', 'timezone', 'daily_cap', 'only_whitelisted', 'allowed_countries', 'allowed_prefixes', 'default_bot_id', 'default_email'],
  ...['default_api_key', 'host', 'port', 'security', 'from', 'username', 'password', 'timeout_seconds', 'ca_pem', 'name', 'logo', 'support_email'],
  ...['endpoint', 'bucket', 'region', 'access_key', 'secret_key', 'secure', 'path_style', 'keep_local', 'link_days', 'schedule', 'keep'],
];

/** The keys that have a state of their own; aliases of a key are left out. */
export function keysOf(view: SectionView): string[] {
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return Object.keys(view.keys).sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

export function choicesOf(section: string, name: string): string[] {
  return CHOICES[`${section}.${name}`] ?? [];
}

export function kindOf(section: string, name: string, value: unknown): Kind {
  const path = `${section}.${name}`;
  if (path in CHOICES) return 'choice';
  if (path === 'outbound.default_bot_id') return 'bot';
  if (LONG.has(path)) return 'long';
  if (typeof value === 'boolean') return 'switch';
  if (typeof value === 'number') return 'number';
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return 'list';
  if (typeof value === 'object' && value !== null) return 'json';
  return SECRET.test(name) ? 'secret' : 'text';
}

/** What the form holds: text for lists and objects. */
export function fieldsOf(section: string, view: SectionView): Values {
  return Object.fromEntries(keysOf(view).map((name) => [name, toField(kindOf(section, name, view[name]), view[name])]));
}

function toField(kind: Kind, value: unknown): string | number | boolean {
  if (kind === 'switch') return value === true;
  if (kind === 'number') return value as number;
  if (kind === 'list') return (value as string[]).join('\n');
  if (kind === 'json') return JSON.stringify(value, null, 2);
  return typeof value === 'string' ? value : '';
}

/** The keys somebody has changed, as the API takes them. Text that is no JSON is sent as it is, and refused at its field. */
export function changesOf(section: string, view: SectionView, fields: Values): Record<string, unknown> {
  const before = fieldsOf(section, view);
  const changed = keysOf(view).filter((name) => fields[name] !== before[name]);
  return Object.fromEntries(changed.map((name) => [name, toValue(kindOf(section, name, view[name]), fields[name] ?? '', view[name])]));
}

function toValue(kind: Kind, field: string | number | boolean, was: unknown): unknown {
  if (kind === 'list') return lines(String(field));
  if (kind === 'number') return field === '' ? null : Number(field);
  if (kind === 'json') return parsed(String(field));
  if (field === '' && was === null) return null;
  return field;
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
