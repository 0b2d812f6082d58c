// After the build: each file also as .br and .gz, and the budgets. A build over budget fails.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const KINDS = /\.(js|css|svg|json)$/;

function filesBelow(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/** Files a browser loads before the first screen: the entry and what it imports without waiting. */
function initialFiles(manifest) {
  const seen = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(chunk.file)) return;
    seen.add(chunk.file);
    for (const css of chunk.css ?? []) seen.add(css);
    for (const below of chunk.imports ?? []) visit(below);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
  return seen;
}

/** @param {{initial: number, whole: number}} budget bytes in brotli */
export function compressed(budget) {
  let folder = 'dist';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      const manifestPath = join(folder, '.vite/manifest.json');
      const first = initialFiles(JSON.parse(readFileSync(manifestPath, 'utf8')));
      rmSync(join(folder, '.vite'), { recursive: true });
      let whole = 0;
      let initial = 0;
      for (const path of filesBelow(folder).filter((path) => KINDS.test(path))) {
        const bytes = readFileSync(path);
        const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
        writeFileSync(`${path}.br`, brotli);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        whole += brotli.length;
        if (first.has(path.slice(folder.length + 1))) initial += brotli.length;
      }
      console.log(`console: ${initial} bytes (brotli) before the first screen, ${whole} in all`);
      if (initial > budget.initial || whole > budget.whole) {
        throw new Error(`over budget: ${initial} of ${budget.initial} before the first screen, ${whole} of ${budget.whole} in all`);
      }
    },
  };
}
