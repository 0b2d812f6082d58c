import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './app/app.css';

import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { App } from './app/App';
import { catalogue } from './app/catalogue';
import { resolver, theme } from './app/theme';
import { ApiError } from './shared/api/error';
import { I18nProvider } from './shared/i18n';
import { nonce } from './shared/nonce';
import { Waiting } from './shared/ui/Waiting';

// The part that keeps a page from scrolling under a dialog looks for the nonce under this name.
Object.assign(globalThis, { __webpack_nonce__: nonce() });

const MOST_TRIES = 3;
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (n, error) => n < MOST_TRIES && !(error instanceof ApiError && error.status > 0 && error.status < 500),
    },
    mutations: { retry: false },
  },
});
const colours = localStorageColorSchemeManager({ key: 'cxbox-colours' });
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <MantineProvider theme={theme} cssVariablesResolver={resolver} colorSchemeManager={colours} defaultColorScheme="auto" getStyleNonce={nonce}>
          <I18nProvider messages={catalogue}>
            <Notifications position="bottom-right" />
            <BrowserRouter>
              <Suspense fallback={<Waiting />}>
                <App />
              </Suspense>
            </BrowserRouter>
          </I18nProvider>
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
