/** Temporary storage credentials and what they open, as an Apply answer hands them out. */
export interface StorageGrant {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Full bucket name, `<bucket>-<appid>`. */
  readonly bucket: string;
  readonly region: string;
  /** Every key the holder may touch begins with this; no leading slash, ends with a slash. */
  readonly prefix: string;
}
