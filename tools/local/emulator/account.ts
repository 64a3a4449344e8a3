import type { AccountKeys } from './account-keys.ts';

/** A key that signs API requests. */
export interface ApiKey {
  readonly secretId: string;
  readonly secretKey: string;
  /** Token of temporary credentials, such as those of a function's role: requests must have it. */
  readonly token?: string;
}

/** The simulated VOD account of the local stack. Every value looks fake and is worthless. */
export interface Account {
  /** Tencent Cloud AppId: first part of task ids and of the delivery host. */
  readonly appId: number;
  /** VOD application id, `vodSubAppId` in signatures. */
  readonly subAppId: number;
  /** Further applications of the account. */
  readonly otherSubAppIds: readonly number[];
  readonly secretId: string;
  readonly secretKey: string;
  /** Temporary credentials like those of a function's role; they sign API requests, but not uploads. */
  readonly role: ApiKey;
  /** Key of `Sign` in event notifications of the account's own application, letters and digits. */
  readonly signKey: string;
  /** The keys of the further applications, by their numbers; an application without a key signs with `signKey`. */
  readonly otherSignKeys: Readonly<Record<number, string>>;
  /** COS bucket name without and with its owner's id: `<bucket>-<storageAppId>` is the host's first label. */
  readonly storageBucket: string;
  readonly storageAppId: number;
  /** Enabled storage regions; the first is the default one. */
  readonly regions: readonly [string, ...string[]];
  /** The enabled region that is nearest to this machine. */
  readonly nearestRegion: string;
}

/** The services of an account's applications, one for each. */
export interface Applications<Served> {
  /** For the account's own application. */
  readonly own: Served;
  /** Returns the service of an application. @throws RangeError if the account has no such application. */
  of(subAppId: number): Served;
}

/** For accounts that no one can reach. */
const EXAMPLE_KEYS: AccountKeys = {
  secretId: 'AKIDlocalexample',
  secretKey: 'local-secret-key-example',
  roleSecretId: 'AKIDlocalroleexample',
  roleSecretKey: 'local-role-secret-key-example',
  roleToken: 'local-role-token-example',
  signKey: 'LocalSignKeyExample',
};

/**
 * Returns the account that `npm start` serves; the applications of tenants are added to it.
 *
 * @param keys of the stack; without any, the account is an example that is not served.
 */
export function localAccount(keys: AccountKeys = EXAMPLE_KEYS): Account {
  return {
    appId: 1500000001,
    subAppId: 1500000001,
    otherSubAppIds: [],
    secretId: keys.secretId,
    secretKey: keys.secretKey,
    role: {
      secretId: keys.roleSecretId,
      secretKey: keys.roleSecretKey,
      token: keys.roleToken,
    },
    signKey: keys.signKey,
    otherSignKeys: {},
    storageBucket: 'vodlocal01',
    storageAppId: 1250000001,
    regions: ['ap-singapore', 'ap-seoul', 'ap-tokyo', 'ap-chongqing'],
    nearestRegion: 'ap-seoul',
  };
}

/**
 * Returns the account as one of its applications sees it: with the number and key of that one, and without the others.
 */
export function accountOf(account: Account, subAppId: number): Account {
  if (subAppId === account.subAppId) return account;
  const { [subAppId]: signKey = account.signKey } = account.otherSignKeys;
  return { ...account, appId: subAppId, subAppId, signKey, otherSubAppIds: [], otherSignKeys: {} };
}

/**
 * Returns the application that a request names by a number, undefined if the account has no such application. 0 and the
 * AppId name the account's own: https://cloud.tencent.com/document/product/266/9221.
 */
export function findSubAppId(
  { appId, subAppId, otherSubAppIds }: Account,
  named: number,
): number | undefined {
  if (named === 0 || named === appId) return subAppId;
  return [subAppId, ...otherSubAppIds].find((known) => known === named);
}
