/**
 * `ErrCode` of a PullUpload that failed, as documented for `PullUploadTask`: wrong parameters, a source that cannot
 * be fetched or is not a media, an error of the service. The documentation has no more details.
 */
export type PullErrorCode = 40_000 | 60_000 | 70_000;

/** Thrown if a source cannot be pulled. */
export class PullFailure extends Error {
  readonly errCode: PullErrorCode;

  constructor(errCode: PullErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PullFailure';
    this.errCode = errCode;
  }
}

/** Returns a failure, to be thrown. */
export function pullFailure(
  errCode: PullErrorCode,
  message: string,
  options?: ErrorOptions,
): PullFailure {
  return new PullFailure(errCode, message, options);
}

/** Returns the failure of a source, to be thrown. */
export function sourceFailure(message: string, options?: ErrorOptions): PullFailure {
  return pullFailure(60_000, message, options);
}
