// SPDX-License-Identifier: EUPL-1.2
// An identity provider for tests (npm oidc-provider), with its own pages for logging in: who types a name is that person. Prints its port.
//   node provider.mjs FOLDER-OF-NODE_MODULES REDIRECT-URL PORT
// Clients: each signs its ID tokens with the algorithm after the last hyphen of its name; "secret-..." ones have the secret "s3cret:/+ x".
// An account "OFFICER@AGENCY" has the claims officer and agency; every other one has its name as personal_identity_number.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, redirect, port] = process.argv.slice(2);
const { Provider, default: fallback } = await import(pathToFileURL(join(modules, 'oidc-provider/lib/index.js')));
const OidcProvider = Provider ?? fallback;

function key(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: `test-${alg}`, alg, use: 'sig' };
}

const keys = [
  key('RS256', 'rsa', { modulusLength: 2048 }),
  key('PS256', 'rsa', { modulusLength: 2048 }),
  key('ES256', 'ec', { namedCurve: 'P-256' }),
  key('EdDSA', 'ed25519'),
];

const clients = ['person-RS256', 'person-PS256', 'staff-ES256', 'secret-staff-EdDSA'].map((id) => ({
  client_id: id,
  redirect_uris: [redirect],
  response_types: ['code'],
  grant_types: ['authorization_code'],
  application_type: 'web',
  id_token_signed_response_alg: id.slice(id.lastIndexOf('-') + 1),
  ...(id.startsWith('secret-') ? { client_secret: 's3cret:/+ x', token_endpoint_auth_method: 'client_secret_basic' } : { token_endpoint_auth_method: 'none' }),
}));

function claimsOf(account) {
  const [officer, agency] = account.split('@');
  return agency ? { sub: account, officer, agency } : { sub: account, personal_identity_number: account };
}

const server = createServer();
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new OidcProvider(issuer, {
    clients,
    jwks: { keys },
    claims: { openid: ['sub', 'personal_identity_number', 'officer', 'agency'] },
    conformIdTokenClaims: false,
    pkce: { methods: ['S256'], required: () => true },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
    cookies: { keys: ['tests'] },
  });
  server.on('request', provider.callback());
  console.log(server.address().port);
});
