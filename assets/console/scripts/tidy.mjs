// House rules of the console that run: file length, who may use whom, messages that exist, HTML in one place, pinned packages. That both
// languages have the same messages is checked by their type.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MOST_LINES = 250;
/** The one place that may show HTML: the manual, which is part of the program. */
const MAY_SHOW_HTML = ['src/features/docs/Markdown.tsx'];

function filesBelow(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

const broken = [];
const defined = new Set();
const used = new Map();
for (const path of filesBelow('src').filter((path) => /\.(tsx?|css)$/.test(path) && !path.endsWith('schema.d.ts'))) {
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n').length - 1;
  if (lines > MOST_LINES) broken.push(`${path}: ${lines} lines, at most ${MOST_LINES}`);
  if (text.includes('dangerouslySetInnerHTML') && !MAY_SHOW_HTML.includes(path)) broken.push(`${path}: HTML is shown only in the manual`);
  const feature = /^src\/features\/([^/]+)\//.exec(path)?.[1];
  for (const [, other] of text.matchAll(/from '~\/features\/([^/']+)/g)) {
    if (feature && other !== feature) broken.push(`${path} uses features/${other}; move what both need to shared/`);
  }
  if (text.includes('define({')) for (const [, key] of text.matchAll(/^    '([\w.-]+)':/gm)) defined.add(key);
  for (const [, key] of text.matchAll(/\bt\('([\w.-]+)'/g)) used.set(key, path);
  if (path.startsWith('src/shared/') && /from '~\/(features|app)\//.test(text)) broken.push(`${path}: shared/ uses no feature`);
}
for (const [key, path] of used) if (!defined.has(key)) broken.push(`${path}: no message is called ${key}`);
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const direct = Object.entries(manifest.dependencies);
if (direct.length > 22) broken.push(`${direct.length} runtime dependencies, at most 22`);
for (const [name, version] of [...direct, ...Object.entries(manifest.devDependencies)]) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) broken.push(`package.json: ${name} is not pinned to one version`);
}
if (broken.length > 0) {
  console.error(broken.join('\n'));
  process.exit(1);
}
