/** A key of the made-up account. */
export interface CloudKey {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary credentials: every request must contain it. */
  readonly token?: string;
}

/** The made-up account that tests deploy to. Every value looks fake. */
export const CLOUD_ACCOUNT = {
  appId: 1250000009,
  uin: '100000000009',
  region: 'ap-singapore',
  /** Long-lived. */
  key: { secretId: 'AKIDcloudtestexample', secretKey: 'cloud-test-secret-key-example' },
  /** In the form in which STS returns them. */
  temporary: {
    secretId: 'AKIDtemporaryexample',
    secretKey: 'cloud-temporary-secret-key-example',
    token: 'cloud-temporary-token-example',
  },
} as const satisfies {
  readonly appId: number;
  readonly uin: string;
  readonly region: string;
  readonly key: CloudKey;
  readonly temporary: CloudKey;
};

/** Returns the key with this id. */
export function findCloudKey(secretId: string): CloudKey | undefined {
  const keys: readonly CloudKey[] = [CLOUD_ACCOUNT.key, CLOUD_ACCOUNT.temporary];
  return keys.find((key) => key.secretId === secretId);
}
