/** One wrong field of a request. */
export interface FieldError {
  /** Path of the field, such as `limits.maxBytes`. */
  readonly path: string;
  readonly message: string;
  /** Name of the rule of the caller's profile that denies it. */
  readonly rule?: string;
}

/** One limit that a file exceeds. */
export interface Violation {
  readonly rule: 'maxBytes' | 'maxSeconds' | 'mediaTypes';
  readonly limit: number | readonly string[];
  readonly actual: number | string;
}

/**
 * What went wrong: the `application/problem+json` of the service, the `problem` of an upload that has ended, or one of
 * the same form that this package makes.
 */
export interface Problem {
  /**
   * The same in every version. The service's own are in its HTTP API; this package adds `network_failed`,
   * `token_unavailable`, `transfer_failed`, `sdk_unavailable` and `upload_expired`, `upload_deleted`, `upload_failed`; on servers
   * `webhook_invalid` and the codes of `PutErrorCode`.
   */
  readonly code: string;
  readonly detail: string;
  /** HTTP status; missing if no answer of the service is the reason. */
  readonly status?: number;
  readonly title?: string;
  readonly errors?: readonly FieldError[];
  /** Every limit that the file exceeds, if the code is `limits_exceeded`. */
  readonly violations?: readonly Violation[];
  /** The code of VOD's own refusal. */
  readonly vod?: { readonly code: string };
  /** By which the operator of the service finds the request in its log. */
  readonly requestId?: string;
  /** Seconds after which a retry may succeed. */
  readonly retryAfter?: number;
}

/** The one error of this package. Its message is the problem's `detail`. */
export class VodUploadError extends Error {
  override readonly name = 'VodUploadError';
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.problem = problem;
  }
}

/** Returns the error that `response`, which is no success, is about. */
export async function readRefusal(response: Response): Promise<VodUploadError> {
  const { status } = response;
  const seconds = Number(response.headers.get('retry-after'));
  const fallback = {
    code: `http_${status}`,
    detail: `The service answered with status ${status}.`,
  };
  const told: unknown = await response.json().catch(() => undefined);
  return new VodUploadError({
    ...fallback,
    ...Object(told),
    status,
    ...(seconds > 0 && { retryAfter: seconds }),
  });
}

/** Returns `error` as one of this package; what is none counts as a failure of `code`. */
export function toVodUploadError(error: unknown, code: string): VodUploadError {
  if (error instanceof VodUploadError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new VodUploadError({ code, detail }, { cause: error });
}
