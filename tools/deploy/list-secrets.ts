import { type Environment, splitList } from '../../lib/config/environment.ts';
import { isJsonObject } from '../../lib/validation/json-object.ts';

/** Matches names of variables with secrets, by their last word. */
const SECRET_NAME = /(?:^|_)(?:KEYS?|SECRETS?|SECRET_ID|TOKENS?|PASSWORDS?)$/;

/** Variables with secrets under other names: anyone who knows such an address can use it. */
const SECRET_ADDRESSES: ReadonlySet<string> = new Set(['DATABASE_URL', 'WEBHOOK_ENDPOINTS']);

/** The password in an address, as in `postgres://user:password@host` or `postgres://host?password=password`. */
const PASSWORD = /\/\/[^/?#@\s"]*:([^/?#@\s"]+)@|(?<=[?&]password=)([^&#\s"]+)/g;

/**
 * Returns the secrets in a function's variables: keys, secrets and tokens, addresses that are secret, and passwords in
 * any variable. Hosts, origins, regions and audiences are not among them, since they help the reader of an error.
 */
export function listSecrets(environment: Environment): readonly string[] {
  return Object.entries(environment).flatMap(([name, value = '']) => [
    ...(SECRET_NAME.test(name) ? [value, ...splitList(value)] : []),
    ...(SECRET_ADDRESSES.has(name) ? [value, ...listTexts(value)] : []),
    ...[...value.matchAll(PASSWORD)].flatMap(([, first, password = first ?? '']) => [
      password,
      decode(password),
    ]),
  ]);
}

/**
 * Returns the addresses and secrets in a list of endpoints, since an error may quote them without the list around them.
 */
function listTexts(json: string): readonly string[] {
  let endpoints: unknown;
  try {
    endpoints = JSON.parse(json);
  } catch {
    return [];
  }
  if (!Array.isArray(endpoints)) return [];
  return endpoints.filter(isJsonObject).flatMap(({ url, secret }) => {
    const texts = [url, secret].filter((text) => typeof text === 'string');
    return texts.flatMap((text) => [text, ...text.split(' ')]);
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
