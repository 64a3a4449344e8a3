/** Temporary storage credentials and their scope, as the answer to ApplyUpload has them. */
export interface StorageGrant {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Full bucket name, `<bucket>-<appid>`. */
  readonly bucket: string;
  readonly region: string;
  /** Prefix of all keys that the holder may access; no leading slash, ends with a slash. */
  readonly prefix: string;
}
