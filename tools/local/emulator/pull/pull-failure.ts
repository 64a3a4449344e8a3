/**
 * `ErrCode` of a PullUpload that failed, as documented with `PullUploadTask`: bad parameters, a source that cannot be
 * had or is no media, the service's own fault. Which failure has which code is documented in this much only.
 */
export type PullErrorCode = 40_000 | 60_000 | 70_000;

/** Thrown where a source cannot be pulled. */
export class PullFailure extends Error {
  readonly errCode: PullErrorCode;

  constructor(errCode: PullErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PullFailure';
    this.errCode = errCode;
  }
}

/** Returns a failure, ready to be thrown. */
export function pullFailure(
  errCode: PullErrorCode,
  message: string,
  options?: ErrorOptions,
): PullFailure {
  return new PullFailure(errCode, message, options);
}

/** Returns the failure of a source, ready to be thrown. */
export function sourceFailure(message: string, options?: ErrorOptions): PullFailure {
  return pullFailure(60_000, message, options);
}
