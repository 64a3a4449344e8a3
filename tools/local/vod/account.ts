/** The made-up VOD account of the local stack. Every value is fake by its looks and worth nothing. */
export interface Account {
  /** Tencent Cloud AppId: first part of task ids and of the delivery host. */
  readonly appId: number;
  /** VOD application id, `vodSubAppId` in signatures. */
  readonly subAppId: number;
  readonly secretId: string;
  readonly secretKey: string;
  /** Key of `Sign` in event notifications, letters and digits. */
  readonly signKey: string;
  /** COS bucket name without and with its owner's id: `<bucket>-<storageAppId>` is the host's first label. */
  readonly storageBucket: string;
  readonly storageAppId: number;
  /** Opened storage regions; the first is the default one. */
  readonly regions: readonly [string, ...string[]];
}

/** Answers the account that `npm start` serves. */
export function localAccount(): Account {
  return {
    appId: 1500000001,
    subAppId: 1500000001,
    secretId: 'AKIDlocalexample',
    secretKey: 'local-secret-key-example',
    signKey: 'LocalSignKeyExample',
    storageBucket: 'vodlocal01',
    storageAppId: 1250000001,
    regions: ['ap-singapore', 'ap-seoul', 'ap-tokyo', 'ap-chongqing'],
  };
}
