import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { listen } from './listen.ts';

/** A key pair of an issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** An issuer of tokens whose public keys are at a URL, as with an identity provider. */
export interface Issuer {
  readonly keySetUrl: string;
  /** Requested paths, in order. */
  readonly requests: readonly string[];
  /** Answers the next requests, by their path; undefined answers with the keys. */
  respond: ((response: ServerResponse, path: string) => void) | undefined;
  readonly publish: (...keys: readonly IssuerKey[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Returns a new key of the algorithm ES256, RS256 or EdDSA. */
export function createIssuerKey(kid: string, alg: 'ES256' | 'RS256' | 'EdDSA'): IssuerKey {
  const pair = {
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
    EdDSA: () => generateKeyPairSync('ed25519'),
  }[alg]();
  return { kid, alg, ...pair };
}

/** Returns a token signed with `key`, with further parameters in its header. */
export function issueToken(
  key: IssuerKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ ...header, alg: key.alg, kid: key.kid })
    .sign(key.privateKey);
}

/** Returns the public half of `key` as in a key set. */
export async function describeKey({ kid, alg, publicKey }: IssuerKey): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
}

/** Returns an issuer that listens on this machine, without keys. */
export async function startIssuer(): Promise<Issuer> {
  let keySet = '{"keys":[]}';
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (issuer.respond !== undefined) issuer.respond(response, request.url ?? '');
    else response.writeHead(200, { 'Content-Type': 'application/jwk-set+json' }).end(keySet);
  });
  const { origin, close } = await listen(server);
  const issuer: Issuer = {
    keySetUrl: `${origin}/.well-known/jwks.json`,
    requests,
    respond: undefined,
    publish: async (...keys) => {
      keySet = JSON.stringify({ keys: await Promise.all(keys.map(describeKey)) });
    },
    close,
  };
  return issuer;
}
