import { join } from 'node:path';
import type { Environment } from '../../lib/config/environment.ts';
import { defined } from '../../lib/validation/json-object.ts';
import { explainVariables } from '../deploy/function-variables.ts';
import { explainDevOrigins } from './access.ts';
import { CONSUMER_PATH } from './consumer.ts';
import { type Account, localAccount } from './emulator/account.ts';
import { SAMPLE_HOST } from './emulator/pull/sample-server.ts';
import type { FunctionDefinition } from './gateway/instance.ts';
import { LocalError } from './local-error.ts';
import { type LocalKeys, makeLocalKeys } from './local-keys.ts';

/** Audience of the tokens that the local stack mints. */
export const LOCAL_JWT_AUDIENCE = 'vod-upload-local';

/** The functions, by type of trigger. */
export interface LocalFunctions {
  readonly functions: readonly FunctionDefinition[];
  readonly timed: readonly FunctionDefinition[];
}

/** Services and settings of the functions. */
export interface LocalSurroundings {
  /** Folder of the bundles. */
  readonly code: string;
  readonly account: Account;
  readonly keys: Pick<LocalKeys, 'contextKey' | 'jwtSecret' | 'webhookSecret'>;
  /** Origin of the stack itself. */
  readonly origin: string;
  readonly databaseUrl: string;
  /** Certificates of its authorities, if it is another server. */
  readonly databaseCa?: string | undefined;
  /** Event mode of the VOD application. */
  readonly eventMode: 'PUSH' | 'PULL';
  /** Settings of the functions from the environment; an empty text is no value. */
  readonly chosen: Environment;
  /** Host names of the samples, with the origins that they stand for. */
  readonly publicNames: Readonly<Record<string, string>>;
}

/** Returns the functions of the local stack, each with only the variables that it needs. */
export function defineFunctions({
  code,
  account,
  keys,
  origin,
  databaseUrl,
  databaseCa,
  eventMode,
  chosen,
  publicNames,
}: LocalSurroundings): LocalFunctions {
  const define = (name: string, timeoutSeconds: number, environment: Record<string, string>) => ({
    ...{ name, file: join(code, `${name}.js`), timeoutSeconds, memoryMegabytes: 128 },
    environment: {
      DATABASE_URL: databaseUrl,
      ...defined({ DATABASE_CA: databaseCa }),
      ...environment,
    },
    publicNames,
  });
  const callers = {
    AUTH_JWT_SECRET: keys.jwtSecret,
    AUTH_JWT_AUDIENCE: LOCAL_JWT_AUDIENCE,
    CORS_ORIGINS: origin,
    ...choose(chosen, 'CORS_HEADERS'),
  };
  const vodApi = {
    // In the cloud, the platform sets the credentials of the function's role in these variables.
    TENCENTCLOUD_SECRETID: account.role.secretId,
    TENCENTCLOUD_SECRETKEY: account.role.secretKey,
    TENCENTCLOUD_SESSIONTOKEN: account.role.token ?? '',
    ...{ VOD_API_ENDPOINT: new URL(origin).host, VOD_API_PROTOCOL: 'http' },
    VOD_SUB_APP_ID: String(account.subAppId),
    // The emulator accepts more than VOD does.
    VOD_CALLS_PER_SECOND: '1000',
    ...choose(chosen, 'VOD_CALLS_PER_SECOND'),
  };
  const contexts = { SOURCE_CONTEXT_KEYS: keys.contextKey };
  const consumer = { url: `${origin}${CONSUMER_PATH}`, secret: keys.webhookSecret };
  const delivery = chooseDelivery(chosen, consumer);
  return {
    functions: [
      define('signature', 20, {
        VOD_SECRET_ID: account.secretId,
        VOD_SECRET_KEY: account.secretKey,
        VOD_SUB_APP_ID: String(account.subAppId),
        ...callers,
        ...contexts,
      }),
      // A batch of pulls is sent at the configured rate, and those for which there is no time left are returned as not
      // done.
      define('pull', 60, {
        ...{ ...vodApi, ...callers, ...contexts, ...choosePullHosts(chosen) },
        ...choose(chosen, 'PULL_PORTS', 'VOD_PULLS_PER_SECOND'),
      }),
      define('callback', 10, {
        CALLBACK_SIGN_KEYS: account.signKey,
        ...{ ...vodApi, ...contexts, ...delivery },
      }),
      define('uploads', 30, { ...vodApi, ...callers }),
    ],
    timed: [
      define('sweep', 60, {
        ...{ VOD_EVENT_MODE: eventMode, ...vodApi, ...contexts, ...delivery },
        ...choose(chosen, 'VOD_PULLS_PER_SECOND', 'VOD_BACKGROUND_PERCENT', 'RETENTION'),
      }),
    ],
  };
}

function choose(chosen: Environment, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = chosen[name];
      return value ? [[name, value] as const] : [];
    }),
  );
}

/** The samples of the page are always allowed. */
function choosePullHosts(chosen: Environment): Record<string, string> {
  const { PULL_HOSTS: hosts } = choose(chosen, 'PULL_HOSTS');
  return hosts === undefined ? {} : { PULL_HOSTS: `${hosts},${SAMPLE_HOST}` };
}

function chooseDelivery(chosen: Environment, own: object): Record<string, string> {
  return {
    WEBHOOK_ENDPOINTS: joinEndpoints(chosen['WEBHOOK_ENDPOINTS'], own),
    WEBHOOK_LOOPBACK: 'allow',
    ...choose(chosen, 'WEBHOOK_PORTS'),
  };
}

/** The page's own consumer is last, so that the index in an error is that of the user's list. */
function joinEndpoints(chosen: string | undefined, own: object): string {
  const others = chosen ? readList(chosen) : [];
  // The functions report what is wrong with the value.
  return others === undefined ? String(chosen) : JSON.stringify([...others, own]);
}

function readList(text: string): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that the functions will serve with the settings in `chosen`, and that `DEV_ORIGINS` is a list of origins.
 *
 * @throws {LocalError} that names everything wrong, and never a value.
 */
export function checkChosen(chosen: Environment): void {
  const nowhere = {
    ...{ code: '', databaseUrl: 'postgres://localhost', publicNames: {} },
    keys: makeLocalKeys(),
  };
  const { functions, timed } = defineFunctions({
    ...{ ...nowhere, chosen, account: localAccount(), eventMode: 'PUSH' },
    origin: 'http://localhost',
  });
  const origins = explainDevOrigins(chosen['DEV_ORIGINS'] ?? '');
  const problems = new Set([
    ...[...functions, ...timed].flatMap(({ name, environment }) =>
      explainVariables(name, environment),
    ),
    ...(origins === undefined ? [] : [`DEV_ORIGINS ${origins}`]),
  ]);
  if (problems.size > 0) throw new LocalError([...problems].join('\n'));
}
