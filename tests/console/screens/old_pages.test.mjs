// The addresses of the older platform open their screens.
import { after, test } from 'node:test';
import { clean, close, signIn, visitor } from '../support/browser.mjs';
import { URL_ } from '../support/shared.mjs';

after(close);

test('the old pages open their screens', async () => {
  for (const [old, now] of [
    ['/api-keys-admin.html', 'API keys'],
    ['/webhooks-admin.html', 'Webhooks'],
    ['/outbound-ai-monitor.html', 'Outbound calls'],
    ['/virtual-numbers.html', 'Virtual numbers'],
    ['/status.html', 'Status'],
  ]) {
    const page = await visitor(URL_);
    await signIn(page, 'olivia', old);
    await page.getByRole('heading', { level: 1, name: now }).waitFor();
    clean(page, old);
    await page.context().close();
  }
});
