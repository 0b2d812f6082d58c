// The pictures of the README: six screens that the last run has photographed, made small. Run it after tests/console/run.
//
//   node tests/console/pictures.mjs
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { close, open, SHOTS } from './support/browser.mjs';

const PICTURES = ['overview-light', 'live-call', 'call-heard', 'call-timeline', 'bot-draft', 'knowledge-search'];
const WIDTH = 720;
const folder = join(dirname(fileURLToPath(import.meta.url)), 'pictures');
mkdirSync(folder, { recursive: true });

const page = await (await open()).newPage();
for (const name of PICTURES) {
  const source = `data:image/png;base64,${readFileSync(join(SHOTS, `${name}.png`)).toString('base64')}`;
  const small = await page.evaluate(
    async ([source, width]) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = width;
      canvas.height = Math.round((image.height * width) / image.width);
      const context = canvas.getContext('2d');
      context.imageSmoothingQuality = 'high';
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      return canvas.toDataURL('image/webp', 0.8);
    },
    [source, WIDTH],
  );
  writeFileSync(join(folder, `${name}.webp`), Buffer.from(small.split(',')[1], 'base64'));
}
await close();
