/** A key that signs API requests. */
export interface ApiKey {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary credentials, as those of a function's role: requests must carry it. */
  readonly token?: string;
}

/** The made-up VOD account of the local stack. Every value is fake by its looks and worth nothing. */
export interface Account {
  /** Tencent Cloud AppId: first part of task ids and of the delivery host. */
  readonly appId: number;
  /** VOD application id, `vodSubAppId` in signatures. */
  readonly subAppId: number;
  /** Its further applications. */
  readonly otherSubAppIds: readonly number[];
  readonly secretId: string;
  readonly secretKey: string;
  /** Temporary credentials as a function's role has them; they sign API requests and no uploads. */
  readonly role: ApiKey;
  /** Key of `Sign` in event notifications of the own application, letters and digits. */
  readonly signKey: string;
  /** The same of its further applications, by their numbers; one that is not among them signs with `signKey`. */
  readonly otherSignKeys: Readonly<Record<number, string>>;
  /** COS bucket name without and with its owner's id: `<bucket>-<storageAppId>` is the host's first label. */
  readonly storageBucket: string;
  readonly storageAppId: number;
  /** Opened storage regions; the first is the default one. */
  readonly regions: readonly [string, ...string[]];
  /** The opened one that is nearest to this machine. */
  readonly nearestRegion: string;
}

/** What serves the applications of an account, one for each. */
export interface Applications<Served> {
  /** For the account's own one. */
  readonly own: Served;
  /** Returns what serves one of them. @throws RangeError where the account has no such application. */
  of(subAppId: number): Served;
}

/** The keys of an account: those of a local stack, which its folder has. */
interface AccountKeys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly roleSecretId: string;
  readonly roleSecretKey: string;
  readonly roleToken: string;
  readonly signKey: string;
}

/** For what nobody reaches. */
const EXAMPLE_KEYS: AccountKeys = {
  secretId: 'AKIDlocalexample',
  secretKey: 'local-secret-key-example',
  roleSecretId: 'AKIDlocalroleexample',
  roleSecretKey: 'local-role-secret-key-example',
  roleToken: 'local-role-token-example',
  signKey: 'LocalSignKeyExample',
};

/**
 * Returns the account that `npm start` serves; the applications of tenants come to it.
 *
 * @param keys of the stack; without any, the account is an example that is served to nobody.
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

/** Returns the account as one of its applications sees it: by number and key of that one, and without the others. */
export function accountOf(account: Account, subAppId: number): Account {
  if (subAppId === account.subAppId) return account;
  const { [subAppId]: signKey = account.signKey } = account.otherSignKeys;
  return { ...account, appId: subAppId, subAppId, signKey, otherSubAppIds: [], otherSignKeys: {} };
}

/**
 * Returns the application that a request names by a number, undefined where the account has no such one. 0 and the
 * AppId are the account's own: https://cloud.tencent.com/document/product/266/9221.
 */
export function findSubAppId(
  { appId, subAppId, otherSubAppIds }: Account,
  named: number,
): number | undefined {
  if (named === 0 || named === appId) return subAppId;
  return [subAppId, ...otherSubAppIds].find((known) => known === named);
}
