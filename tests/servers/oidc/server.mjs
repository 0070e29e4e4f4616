// A provider of OpenID Connect for the integration tests: oidc-provider, certified by the OpenID Foundation, with people who sign in with any
// password. It listens on the loopback interface:
//
//   node server.mjs --redirect http://127.0.0.1:8080 [--port number]
//
//   --redirect       where the host under test is; people are led back there
//   stdout           one line of JSON when it listens: {"port":9300}
//   people           viewer, operator, admin, and nobody, who has no role
//   POST /rotate     another key from now on; tokens of the one before are strangers'
//   POST /mint       signs claims that a test makes up: {"claims":{…},"alg":"RS256"|"none"|"HS256","stranger":true}; answers the token
//

import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { Provider } from 'oidc-provider';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    redirect: { type: 'string', multiple: true },
  },
});

const audience = 'urn:notificationbus:api';
const secret = 'not-a-secret-but-as-long-as-one-is';
let key;
let provider;

async function newKey() {
  const pair = await generateKeyPair('RS256', { extractable: true });
  return { kid: randomUUID(), ...pair };
}

const nameOf = (id) => `${id[0].toUpperCase()}${id.slice(1)} Example`;
const rolesOf = (id) => (id === 'nobody' ? [] : [id]);

async function make(issuer) {
  const jwk = { ...(await exportJWK(key.privateKey)), kid: key.kid, alg: 'RS256', use: 'sig' };
  const made = new Provider(issuer, {
    jwks: { keys: [jwk] },
    cookies: { keys: ['a test'] },
    pkce: { required: () => true },
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub'], profile: ['name', 'roles'] },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 300, Session: 300, Grant: 300, ClientCredentials: 300 },
    clients: [
      {
        client_id: 'notificationbus',
        client_secret: secret,
        redirect_uris: options.redirect.map((url) => `${url}/sign-in/openid/callback`),
        post_logout_redirect_uris: options.redirect.map((url) => `${url}/sign-out/openid/callback`),
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
      {
        client_id: 'operator',
        client_secret: secret,
        redirect_uris: [],
        grant_types: ['client_credentials'],
        response_types: [],
      },
    ],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: nameOf(id), roles: rolesOf(id) }) }),
    extraTokenClaims: (_, token) => ({ roles: rolesOf(token.accountId ?? token.clientId), name: nameOf(token.accountId ?? token.clientId) }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // Pages ask for nobody's API: they get a token that opens what is said of the person.
        defaultResource: (_, client) => (client.clientId === 'operator' ? audience : undefined),
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      },
    },
  });
  return made;
}

async function mint({ claims, alg = 'RS256', stranger = false }) {
  if (alg === 'none') return new UnsecuredJWT(claims).encode();
  if (alg === 'HS256') return new SignJWT(claims).setProtectedHeader({ alg, kid: key.kid }).sign(Buffer.from(JSON.stringify(await exportJWK(key.publicKey))));
  const by = stranger ? await newKey() : key;
  return new SignJWT(claims).setProtectedHeader({ alg, kid: key.kid, typ: 'at+jwt' }).sign(by.privateKey);
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString() || '{}');
}

const server = createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/rotate') {
    key = await newKey();
    provider = await make(issuer);
    response.writeHead(204).end();
  } else if (request.method === 'POST' && request.url === '/mint') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(await mint(await bodyOf(request)));
  } else {
    provider.callback()(request, response);
  }
});

let issuer;
server.listen(Number(options.port), '127.0.0.1', async () => {
  const { port } = server.address();
  issuer = `http://127.0.0.1:${port}`;
  key = await newKey();
  provider = await make(issuer);
  console.log(JSON.stringify({ port }));
});
