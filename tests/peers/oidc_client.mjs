// A relying party made of npm `openid-client`. Input: JSON order on stdin. Output: JSON of what it saw.
import * as oidc from 'openid-client';

const order = JSON.parse(await new Response(process.stdin).text());
const plain = { execute: [oidc.allowInsecureRequests] };
const config = await oidc.discovery(new URL(order.issuer), order.client_id, undefined, oidc.None(), plain);

const tokens = await oidc.genericGrantRequest(config, 'password', { username: order.username, password: order.password, scope: 'openid' });
console.log(JSON.stringify({ password: { expires_in: tokens.expires_in, sub: tokens.claims().sub } }));
