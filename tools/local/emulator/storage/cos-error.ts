/**
 * COS error codes of the emulator, with their HTTP status.
 * https://cloud.tencent.com/document/product/436/7730
 */
const STATUS = {
  BadDigest: 400,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidURI: 400,
  MalformedXML: 400,
  XAmzContentSHA256Mismatch: 400,
  AccessDenied: 403,
  InvalidAccessKeyId: 403,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  InvalidRange: 416,
  InternalError: 500,
  NotImplemented: 501,
  ServiceUnavailable: 503,
} as const;

/** A COS error code. */
export type CosErrorCode = keyof typeof STATUS;

/** What an error answer may have in addition to code and message. */
export interface CosErrorOptions extends ErrorOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal that the client gets as COS error XML. */
export class CosError extends Error {
  readonly code: CosErrorCode;
  readonly status: number;
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: CosErrorCode, message: string, options: CosErrorOptions = {}) {
    super(message, options);
    this.name = 'CosError';
    this.code = code;
    this.status = STATUS[code];
    this.headers = options.headers ?? {};
  }
}
