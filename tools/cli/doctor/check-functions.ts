import { hash } from 'node:crypto';
import { type Environment, splitList } from '../../../lib/config/environment.ts';
import { deriveSignKey } from '../../../lib/signing/secrets.ts';
import { addressFor } from '../callback-address.ts';
import { joinNames } from '../join-names.ts';
import { showUrl } from '../show-url.ts';
import { finding, findingAmong, type Note, skipped } from './note.ts';
import { allowsOrigin, knowsSignKey, type Probe, probeFunction } from './probe-function.ts';

/** The functions that answer over HTTP: their method, and whether callers authenticate with a token. */
const FUNCTIONS = {
  signature: { method: 'POST', hasCallers: true },
  pull: { method: 'POST', hasCallers: true },
  callback: { method: 'POST', hasCallers: false },
  uploads: { method: 'GET', hasCallers: true },
} as const;

/** Name of a function that answers over HTTP. */
export type FunctionName = keyof typeof FUNCTIONS;

/** All of those names. */
export const FUNCTION_NAMES: readonly FunctionName[] = ['signature', 'pull', 'callback', 'uploads'];

/** The known addresses of the functions. */
export type FunctionUrls = Readonly<Partial<Record<FunctionName, string>>>;

/** In seconds: a time that is too old for any clock. */
const LONG_AGO = 24 * 60 * 60;

/** What is known about the functions before they are called. */
export interface Expectations {
  readonly now: () => number;
  /** Functions that cannot serve with the variables; the check of the variables reports why. */
  readonly misconfigured: ReadonlySet<string>;
  /** Applications of the tenants. */
  readonly tenants: readonly number[];
}

/**
 * Finds out whether the addresses are those of the functions, and whether they serve, refuse unknown callers and allow
 * pages.
 */
export async function checkFunctions(
  urls: FunctionUrls,
  environment: Environment,
  { now, misconfigured, tenants }: Expectations,
): Promise<readonly Note[]> {
  const probed = await Promise.all(
    FUNCTION_NAMES.map(async (name) => {
      const url = urls[name];
      const { method } = FUNCTIONS[name];
      return { name, url, probe: url === undefined ? undefined : await probeFunction(url, method) };
    }),
  );
  const notes = probed
    .filter(({ name, probe }) => !(misconfigured.has(name) && probe?.kind === 'broken'))
    .flatMap(({ name, url, probe }) => explainProbe(name, url, probe));
  const open = probed.filter(({ name, probe }) => isOpen(name, probe)).map(({ name }) => name);
  const serving = probed.flatMap(({ name, url, probe }) =>
    url !== undefined && (probe?.kind === 'guarded' || probe?.kind === 'open')
      ? [{ name, url }]
      : [],
  );
  const callback = serving.find(({ name }) => name === 'callback');
  const origins = splitList(environment['CORS_ORIGINS'] ?? '');
  return [
    ...notes,
    ...(await checkOrigins(
      serving.filter(({ name }) => FUNCTIONS[name].hasCallers),
      origins,
    )),
    ...checkCallers(environment['AUTH'] === 'none', open),
    ...(callback === undefined ? [] : await checkSignKeys(callback.url, environment, tenants, now)),
  ];
}

function isOpen(name: FunctionName, probe: Probe | undefined): boolean {
  return FUNCTIONS[name].hasCallers && probe?.kind === 'open';
}

function explainProbe(
  name: FunctionName,
  url: string | undefined,
  probe: Probe | undefined,
): readonly Note[] {
  if (url === undefined || probe === undefined) {
    return [
      skipped(
        'functions',
        `${name}: its address is not known; set it with --${name}-url, or with --region.`,
      ),
    ];
  }
  const find = (text: string, remedy: string) => {
    const describe = (items: readonly string[]) =>
      `${joinNames(items)}${items.length > 1 ? ', each' : ''}: ${text}.`;
    return [findingAmong('functions', `${name} at ${showUrl(url)}`, describe, remedy)];
  };
  switch (probe.kind) {
    case 'unreachable':
      return find(
        probe.reason,
        'Deploy it, and check that its Function URL is open to the internet.',
      );
    case 'foreign':
      return find(
        `something else answers there, with status ${probe.status}`,
        'Give the address of the function itself; a Function URL must have AuthType NONE.',
      );
    case 'broken':
      return find(
        'it answers 500, most likely because its variables are wrong',
        'Its log names them all; correct them, and deploy again.',
      );
    case 'guarded':
    case 'open':
      return [];
  }
}

async function checkOrigins(
  functions: readonly { readonly name: FunctionName; readonly url: string }[],
  origins: readonly string[],
): Promise<readonly Note[]> {
  const refused = await Promise.all(
    functions.map(async ({ name, url }) => {
      const allowed = await Promise.all(
        origins.map((origin) => allowsOrigin(url, origin.replace('*', 'any-host'))),
      );
      return { name, origins: joinNames(origins.filter((_, place) => !allowed[place])) };
    }),
  );
  return refused
    .filter((one) => one.origins !== '')
    .map((one) =>
      findingAmong(
        'functions',
        one.name,
        (names) =>
          `Pages of ${one.origins}, which CORS_ORIGINS names, may not call ${joinNames(names)}.`,
        'Deploy again with CORS_ORIGINS as it is here.',
      ),
    );
}

function checkCallers(isConfigured: boolean, open: readonly FunctionName[]): readonly Note[] {
  if (!isConfigured && open.length === 0) return [];
  const places = [
    ...(isConfigured ? ['AUTH is none'] : []),
    ...(open.length > 0 ? [`${joinNames(open)} took a call without a token`] : []),
  ];
  return [
    finding(
      'callers',
      `Anyone can upload into your account: ${places.join(', and ')}.`,
      'Remove AUTH, set AUTH_JWT_SECRET or AUTH_JWKS_URL, and deploy again.',
    ),
  ];
}

async function checkSignKeys(
  url: string,
  environment: Environment,
  [tenant]: readonly number[],
  now: () => number,
): Promise<readonly Note[]> {
  const keys = splitList(environment['CALLBACK_SIGN_KEYS'] ?? '');
  if (keys.length === 0) {
    return [
      skipped('sign key', 'CALLBACK_SIGN_KEYS is not valid here, so nothing can be compared.'),
    ];
  }
  const t = Math.floor(now() / 1_000) - LONG_AGO;
  const ask = (key: string, address: string) => knowsSignKey(address, hash('md5', `${key}${t}`), t);
  const known = await Promise.all(keys.map((key) => ask(key, url)));
  const [first = ''] = keys;
  // If it derives the key of one tenant, it derives the keys of all.
  if (tenant !== undefined && known.every(Boolean)) {
    const derives = await ask(deriveSignKey(first, tenant), addressFor(url, tenant));
    return derives ? [] : [NOT_DERIVED];
  }
  return known.flatMap((isKnown, place) =>
    isKnown
      ? []
      : findingAmong(
          'sign key',
          `key ${place + 1}`,
          (items) =>
            `The callback function does not have ${joinNames(items)} of CALLBACK_SIGN_KEYS, so it refuses what VOD signs with ${items.length > 1 ? 'them' : 'it'}.`,
          'Deploy it again with CALLBACK_SIGN_KEYS as it is here.',
        ),
  );
}

const NOT_DERIVED = finding(
  'sign key',
  "The callback function does not know the SignKeys that tenants' applications have, each its own, so it refuses what VOD signs with them.",
  'Deploy this version of it.',
);
