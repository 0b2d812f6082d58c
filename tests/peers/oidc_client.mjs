// A relying party made of npm `openid-client`. Input: JSON order on stdin. Output: JSON of what it saw.
import * as oidc from 'openid-client';

const order = JSON.parse(await new Response(process.stdin).text());
const plain = { execute: [oidc.allowInsecureRequests] };

/** A browser without JavaScript: goes to the page, fills in the form, says where it was sent. */
async function signIn(url) {
  const cookies = new Map();
  const visit = async (target, form) => {
    const headers = { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') };
    const init = { redirect: 'manual', headers, ...(form && { method: 'POST', body: new URLSearchParams(form) }) };
    const response = await fetch(target, init);
    for (const cookie of response.headers.getSetCookie()) cookies.set(...cookie.split(';')[0].split('=', 2));
    return response;
  };
  const html = await (await visit(url)).text();
  const action = html.match(/<form method="post" action="([^"]*)"/)[1].replaceAll('&#x2f;', '/');
  const request = html.match(/name="request" value="([^"]*)"/)[1].replaceAll('&#x2f;', '/');
  const answer = await visit(new URL(action, url), { request, username: order.username, password: order.password });
  return { location: answer.headers.get('location'), visit };
}

async function withCode(client) {
  const config = await oidc.discovery(new URL(order.issuer), client.id, undefined, client.proof, plain);
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: order.redirect_uri,
    scope: 'openid profile email offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const { location, visit } = await signIn(url);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await oidc.authorizationCodeGrant(config, new URL(location), checks);
  const { sub } = tokens.claims();
  const info = await oidc.fetchUserInfo(config, tokens.access_token, sub);
  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  const seen = { sub, email: info.email, refreshed: fresh.claims().sub === sub && fresh.refresh_token !== tokens.refresh_token };
  if (client.confidential) {
    seen.active = (await oidc.tokenIntrospection(config, fresh.access_token)).active;
    await oidc.tokenRevocation(config, fresh.refresh_token);
    seen.activeAfterwards = (await oidc.tokenIntrospection(config, fresh.access_token)).active;
  } else {
    await oidc.tokenRevocation(config, fresh.access_token);
  }
  seen.refreshAfterwards = await oidc.refreshTokenGrant(config, fresh.refresh_token).then(() => 'given', (error) => error.error);
  const leave = oidc.buildEndSessionUrl(config, { id_token_hint: fresh.id_token, post_logout_redirect_uri: order.bye, state: 'left' });
  seen.left = (await visit(leave)).headers.get('location');
  seen.askedAgain = (await (await visit(url)).text()).includes('name="password"');
  return seen;
}

async function withPassword() {
  const config = await oidc.discovery(new URL(order.issuer), 'codeb-admin', undefined, oidc.None(), plain);
  const tokens = await oidc.genericGrantRequest(config, 'password', {
    username: order.username,
    password: order.password,
    scope: 'openid',
  });
  return { expires_in: tokens.expires_in, sub: tokens.claims().sub };
}

const secret = order.confidential.secret;
console.log(JSON.stringify({
  password: await withPassword(),
  public: await withCode({ id: order.public.id, proof: oidc.None() }),
  post: await withCode({ id: order.confidential.id, proof: oidc.ClientSecretPost(secret), confidential: true }),
  basic: await withCode({ id: order.confidential.id, proof: oidc.ClientSecretBasic(secret), confidential: true }),
}));
