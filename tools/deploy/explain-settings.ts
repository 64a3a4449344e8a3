import { createAuthenticate } from '../../lib/auth/authenticate.ts';
import type { CallerConfig } from '../../lib/config/caller-config.ts';
import type { Environment } from '../../lib/config/environment.ts';
import { readPullConfig } from '../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { readUploadsConfig } from '../../lib/config/uploads-config.ts';
import { ConfigError } from '../../lib/config-error.ts';
import { encodeSourceContext } from '../../lib/model/source-context.ts';
import { requireOwnApplication } from '../../lib/policy/applications.ts';
import type { Profile } from '../../lib/policy/profile.ts';
import { parseSettings, type Settings } from '../../lib/policy/settings.ts';
import { Problem } from '../../lib/problem.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../../lib/validation/limits.ts';

type ReadCallers = (
  environment: Environment,
) => Pick<CallerConfig, 'auth'> & { readonly databaseUrl: string | undefined };

/** The functions with callers. */
const READERS: Readonly<Record<string, ReadCallers>> = {
  signature: readSignatureConfig,
  pull: readPullConfig,
  uploads: readUploadsConfig,
};

/** The functions that begin uploads. */
const BEGINNERS: readonly string[] = ['signature', 'pull'];

/** The functions that use an application of VOD. */
const USERS_OF_APPLICATIONS: readonly string[] = [...BEGINNERS, 'callback', 'sweep'];

/** Quotas that need a database. */
const KEPT_QUOTAS = ['openUploads', 'bytesPerDay'] as const;

/**
 * Returns in sentences why a function would not serve with the combination of its variables and its settings, although
 * each of them is valid.
 *
 * @param settings content of settings.json.
 */
export function explainSettings(
  name: string,
  environment: Environment,
  settings: string,
): readonly string[] {
  const parsed = parseSettings(JSON.parse(settings)).settings;
  if (parsed === undefined) return [];
  return [
    ...explainTenants(name, environment, parsed),
    ...explainCallers(name, environment, parsed),
  ];
}

function explainTenants(
  name: string,
  environment: Environment,
  { policy }: Settings,
): readonly string[] {
  // A number that is set and wrong is reported by the check of the variables.
  if (!USERS_OF_APPLICATIONS.includes(name) || environment['VOD_SUB_APP_ID']) return [];
  const own = attempt(() => requireOwnApplication(policy, undefined));
  return own instanceof ConfigError ? [own.message] : [];
}

function explainCallers(
  name: string,
  environment: Environment,
  parsed: Settings,
): readonly string[] {
  const read = READERS[name];
  if (read === undefined) return [];
  const config = attempt(() => read(environment));
  // Wrong variables are reported by the check of the variables.
  if (config instanceof ConfigError) return [];
  const auth = attempt(() => createAuthenticate(config.auth, parsed.keys));
  return [
    ...(auth instanceof ConfigError ? [auth.message] : []),
    ...(BEGINNERS.includes(name) && config.databaseUrl === undefined ? explainQuotas(parsed) : []),
    ...(BEGINNERS.includes(name) ? explainRoom(parsed) : []),
  ];
}

/** Characters of a UUID, which most issuers of tokens have as the id of a user. */
const USUAL_OWNER = '0'.repeat(36);

/** The limits of a profile travel with each upload of its callers, in a text of VOD that is short. */
function explainRoom({ policy }: Settings): readonly string[] {
  return Object.entries(policy.profiles)
    .filter(([, profile]) => !hasRoom(profile))
    .map(
      ([name]) =>
        `policy.profiles.${name}.mediaTypes leaves no room for the id of a user with ${USUAL_OWNER.length} characters in the ${MAX_SOURCE_CONTEXT_BYTES} bytes that VOD stores with an upload: name fewer types, or none for all of them`,
    );
}

function hasRoom({ maxBytes, maxSeconds, mediaTypes }: Profile): boolean {
  const envelope = {
    ...({ uploadId: '0'.repeat(26), owner: USUAL_OWNER, method: 'client' } as const),
    limits: { maxBytes, maxSeconds, mediaTypes },
  };
  try {
    encodeSourceContext(envelope, undefined, { key: '', subAppId: undefined });
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

function explainQuotas({ policy }: Settings): readonly string[] {
  return Object.entries(policy.profiles).flatMap(([name, { quotas = {} }]) =>
    KEPT_QUOTAS.filter((quota) => quotas[quota] !== undefined).map(
      (quota) =>
        `policy.profiles.${name}.quotas.${quota} counts what only a database records: set DATABASE_URL`,
    ),
  );
}

function attempt<Value>(make: () => Value): Value | ConfigError {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
