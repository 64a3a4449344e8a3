/** Why an upload failed; programs may rely on these codes. */
export type PutErrorCode =
  /** The file was written to, replaced or cut while it was read, or since the upload began. */
  | 'file_changed'
  /** The file cannot be read, or is none. */
  | 'unreadable'
  /** More or fewer bytes than announced, none, or more than storage takes. */
  | 'wrong_size'
  /** Another process uploads the same file. */
  | 'in_use'
  /** An interrupted upload was begun with other options. */
  | 'other_options'
  /** What storage received differs from what was read. */
  | 'corrupted'
  /** The functions, VOD or storage refused a request. */
  | 'refused'
  /** No answer in time, or no connection. */
  | 'unreachable'
  /** The session of the upload, or the right to use it, is over. */
  | 'session_over'
  /** A playlist names files that are missing or elsewhere. */
  | 'incomplete_set';

/** What is known beside the message. */
interface PutErrorOptions extends ErrorOptions {
  /** Whether the same request may succeed if it is repeated. */
  readonly isTransient?: boolean;
  /** Code with which the other side refused. */
  readonly reason?: string;
  /** HTTP status of an answer of the functions. */
  readonly status?: number;
  /** Milliseconds after which the other side wants the request to be repeated. */
  readonly retryAfter?: number | undefined;
}

/** An upload that failed. Its message is for users, and has no secret. */
export class PutError extends Error {
  override readonly name = 'PutError';
  readonly code: PutErrorCode;
  readonly isTransient: boolean;
  readonly reason: string | undefined;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: PutErrorCode, message: string, options: PutErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.isTransient = options.isTransient ?? false;
    this.reason = options.reason;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/** Returns whether an upload failed because its session, or the right to use it, is over. */
export function isSessionOver(error: unknown): error is PutError {
  return error instanceof PutError && error.code === 'session_over';
}
