// Writes the types of the API from its committed description. Handlers of different features share names, so the names of operations are
// left out: each path then carries its own types.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const description = JSON.parse(readFileSync('../openapi.json', 'utf8'));
for (const item of Object.values(description.paths)) for (const operation of Object.values(item)) delete operation.operationId;
const types = await openapiTS(description, { defaultNonNullable: false });
writeFileSync('src/shared/api/schema.d.ts', `// Made by scripts/types.mjs; not in git.\n${astToString(types)}`);
