import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { compressed } from './scripts/compressed.mjs';

/** While one works on the console, its server passes the API on to a running appliance. */
const proxy = {
  '^/(api/|api\\.ashx|oidc\\.ashx|oauth2|\\.well-known|readyz|healthz|version|openapi\\.json)': process.env.CXBOX_URL ?? 'http://127.0.0.1:8080',
};

export default defineConfig({
  plugins: [react(), compressed({ initial: 260_000, whole: 900_000 })],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  html: { cspNonce: '__NONCE__' },
  build: { target: 'es2022', manifest: true, assetsInlineLimit: 0, reportCompressedSize: false, chunkSizeWarningLimit: 1200 },
  preview: { proxy },
  server: { proxy },
});
