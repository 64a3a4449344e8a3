import { type Environment, splitList } from '../../lib/config/environment.ts';
import { isJsonObject } from '../../lib/validation/json-object.ts';

/** Variables that hold something secret, by what the last word of their name says. */
const SECRET_NAME = /(?:^|_)(?:KEYS?|SECRETS?|SECRET_ID|TOKENS?|PASSWORDS?)$/;

/** Variables that do, whatever their names say: anyone who knows such an address may use it. */
const SECRET_ADDRESSES: ReadonlySet<string> = new Set(['DATABASE_URL', 'WEBHOOK_ENDPOINTS']);

/** The password in an address, as in `postgres://user:password@host` or `postgres://host?password=password`. */
const PASSWORD = /\/\/[^/?#@\s"]*:([^/?#@\s"]+)@|(?<=[?&]password=)([^&#\s"]+)/g;

/**
 * Returns what of a function's variables nobody may see: keys, secrets and tokens, the addresses that are as good as
 * one, and passwords wherever they are. Names of hosts, origins, regions and audiences help anyone who reads an error.
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

/** Returns the addresses and secrets of a list of endpoints: who quotes the list may write it otherwise. */
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
