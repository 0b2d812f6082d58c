interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  format?: string;
}
interface Said {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}
/** As much of an OpenAPI file as the reference shows. */
export interface Description {
  paths: Record<string, Record<string, Said>>;
  components?: { schemas?: Record<string, Schema> };
}
export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  parameters: string[];
  body: string;
  answers: string[];
  haystack: string;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** References are followed this deep; a reader asks for the file beyond that. */
const DEEPEST = 3;

export function operationsOf(description: Description): Operation[] {
  return Object.entries(description.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => operation(description, path, method, item[method] as Said)),
  );
}

function operation(description: Description, path: string, method: string, said: Said): Operation {
  const shape = (schema: Schema | undefined) => (schema ? words(description, schema, 0) : '');
  const summary = (said.summary ?? said.description ?? '').split('\n')[0] ?? '';
  return {
    id: `${method} ${path}`,
    method,
    path,
    summary,
    parameters: (said.parameters ?? []).map(
      ({ name, in: place, required, description: about, schema }) => `${name} (${place}${required ? '' : ', optional'}): ${shape(schema)} ${about ?? ''}`,
    ),
    body: Object.values(said.requestBody?.content ?? {}).map(({ schema }) => shape(schema)).join('\n'),
    answers: Object.entries(said.responses ?? {}).map(
      ([status, { description: about, content }]) =>
        `${status} ${Object.values(content ?? {}).map(({ schema }) => shape(schema)).join(' | ') || (about ?? '')}`,
    ),
    haystack: `${method} ${path} ${summary} ${(said.tags ?? []).join(' ')}`.toLowerCase(),
  };
}

function words(all: Description, schema: Schema, depth: number): string {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    const target = all.components?.schemas?.[name];
    return target && depth < DEEPEST ? words(all, target, depth + 1) : name;
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map((choice) => words(all, choice, depth)).join(' | ');
  if (schema.allOf) return schema.allOf.map((part) => words(all, part, depth)).join(' & ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.items) return `[${words(all, schema.items, depth)}]`;
  if (schema.properties) {
    const pad = '  '.repeat(depth + 1);
    const fields = Object.entries(schema.properties).map(([name, field]) => {
      const isNeeded = schema.required?.includes(name);
      return `${pad}${name}${isNeeded ? '' : '?'}: ${words(all, field, depth + 1)}`;
    });
    return `{\n${fields.join('\n')}\n${'  '.repeat(depth)}}`;
  }
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'any');
  return schema.format ? `${type} (${schema.format})` : type;
}
