/** One argument of a tool, as a row shows it. */
export interface Argument {
  name: string;
  type: (typeof TYPES)[number];
  description: string;
  isRequired: boolean;
}

export const TYPES = ['string', 'number', 'integer', 'boolean'] as const;
const OF_SCHEMA = new Set(['type', 'properties', 'required']);
const OF_PROPERTY = new Set(['type', 'description']);

/** The rows a schema can be shown as; `null` when it says more than rows can, or cannot be read. */
export function argumentsOf(text: string): Argument[] | null {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(schema) || schema.type !== 'object' || !holdsOnly(schema, OF_SCHEMA)) return null;
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const rows = Object.entries(isObject(schema.properties) ? schema.properties : {}).map(([name, property]) => {
    if (!isObject(property) || !holdsOnly(property, OF_PROPERTY)) return null;
    const type = TYPES.find((type) => type === property.type);
    const description = property.description ?? '';
    return type && typeof description === 'string' ? { name, type, description, isRequired: required.includes(name) } : null;
  });
  return rows.every((row) => row !== null) ? rows : null;
}

/** The schema of rows; those without a name are left out until they have one. */
export function schemaOf(rows: Argument[]): string {
  const named = rows.filter(({ name }) => name.trim() !== '');
  const property = ({ type, description }: Argument) => ({ type, ...(description.trim() ? { description: description.trim() } : {}) });
  const required = named.filter(({ isRequired }) => isRequired).map(({ name }) => name.trim());
  const properties = Object.fromEntries(named.map((row) => [row.name.trim(), property(row)]));
  return JSON.stringify({ type: 'object', properties, ...(required.length > 0 ? { required: [...new Set(required)] } : {}) }, null, 2);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function holdsOnly(value: Record<string, unknown>, names: Set<string>): boolean {
  return Object.keys(value).every((name) => names.has(name));
}
