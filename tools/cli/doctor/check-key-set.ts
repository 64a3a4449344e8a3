import * as v from 'valibot';
import { fetchKeySet } from '../../../lib/auth/fetch-key-set.ts';
import { showKeySetUrl, WHERE_KEYS_ARE } from '../../../lib/auth/read-key-set.ts';
import {
  callerEnvironment,
  describeCallers,
  type TokenConfig,
} from '../../../lib/config/caller-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { Problem } from '../../../lib/problem.ts';
import { finding, type Note } from './note.ts';
import { readDiscovery } from './read-discovery.ts';

/**
 * Finds out whether the public keys for callers' tokens can be fetched, and whether the issuer's own name is the one in
 * AUTH_JWT_ISSUER. Other checks judge the rest of the configuration.
 */
export async function checkKeySet(environment: Environment): Promise<readonly Note[]> {
  const { success, output } = v.safeParse(callerEnvironment, environment);
  const auth = success ? describeCallers(output).auth : undefined;
  if (auth?.kind !== 'jwt') return [];
  const notes = await Promise.all([
    checkKeys(auth, environment),
    checkIssuer(auth.issuer, environment),
  ]);
  return notes.flat();
}

async function checkKeys(
  { proof, issuer }: TokenConfig,
  environment: Environment,
): Promise<readonly Note[]> {
  if (!('keySetUrl' in proof)) return [];
  try {
    const fetched = await fetchKeySet(proof.keySetUrl);
    if ('keys' in fetched) return [];
    const { what, instead } = fetched.fault;
    const discovery =
      (await readDiscovery(issuer, environment)) ??
      // AUTH_JWKS_URL may have been set to the issuer's address.
      (await readDiscovery(proof.keySetUrl, environment));
    const right = discovery?.keySetUrl ?? instead;
    return [
      finding(
        'callers',
        `No token is accepted: AUTH_JWKS_URL ${what}.`,
        `Set AUTH_JWKS_URL to ${right}, and deploy again.`,
      ),
    ];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [
      finding(
        'callers',
        `AUTH_JWKS_URL does not return public keys, so no token is accepted. ${error.message}`,
        `Set AUTH_JWKS_URL to ${WHERE_KEYS_ARE}, and deploy again.`,
      ),
    ];
  }
}

async function checkIssuer(
  issuer: string | undefined,
  environment: Environment,
): Promise<readonly Note[]> {
  const named = (await readDiscovery(issuer, environment))?.issuer;
  if (named === undefined || named === issuer) return [];
  const name =
    named === `${issuer}/` || issuer === `${named}/`
      ? `the same ${named.endsWith('/') ? 'with' : 'without'} the slash at the end`
      : (showKeySetUrl(named) ?? 'something else');
  return [
    finding(
      'callers',
      `No token is accepted: the issuer that AUTH_JWT_ISSUER names calls itself ${name}, and so do its tokens.`,
      'Set AUTH_JWT_ISSUER to exactly what the issuer calls itself in its /.well-known/openid-configuration, and deploy again.',
    ),
  ];
}
