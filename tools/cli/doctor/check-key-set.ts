import * as v from 'valibot';
import { callerEnvironment, describeCallers } from '../../../lib/config/caller-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { fetchKeySet } from '../../../lib/http/fetch-key-set.ts';
import { Problem } from '../../../lib/problem.ts';
import { finding, type Note } from './note.ts';

/** Finds out whether the public keys of callers' tokens can be had. Whether they are configured well is not judged here. */
export async function checkKeySet(environment: Environment): Promise<readonly Note[]> {
  const { success, output } = v.safeParse(callerEnvironment, environment);
  const auth = success ? describeCallers(output).auth : undefined;
  if (auth?.kind !== 'jwt' || !('keySetUrl' in auth.proof)) return [];
  try {
    await fetchKeySet(auth.proof.keySetUrl);
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [
      finding(
        'callers',
        `AUTH_JWKS_URL does not lead to public keys, so no token is good. ${error.message}`,
        "Set it to the address of the issuer's key set, which its /.well-known/openid-configuration names as jwks_uri, and deploy again.",
      ),
    ];
  }
}
