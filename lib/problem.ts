/**
 * Status of each problem code. A code without a status does not compile.
 *
 * Codes are stable: callers switch on them, never on the text. The `upstream_` ones report how a call to VOD failed:
 * VOD refused the caller's request (`rejected`), refused this service (`denied`), limited the rate (`busy`), had an
 * error (`failed`) or did not answer in time (`timeout`). The `ledger_` ones are about the database of this service:
 * there is none (`required`), or it cannot be reached (`unavailable`). `identity_unavailable` means that the keys that
 * prove who calls cannot be fetched.
 */
const STATUS = {
  invalid_json: 400,
  invalid_request: 400,
  unauthorized: 401,
  insufficient_scope: 403,
  policy_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  idempotency_conflict: 409,
  upload_finished: 409,
  upload_pruned: 410,
  payload_too_large: 413,
  upstream_rejected: 422,
  quota_exceeded: 429,
  unconfirmed_exceeded: 429,
  internal: 500,
  ledger_required: 501,
  upstream_denied: 502,
  upstream_failed: 502,
  confirmation_unavailable: 503,
  delivery_failed: 503,
  identity_unavailable: 503,
  ledger_unavailable: 503,
  upstream_busy: 503,
  upstream_timeout: 504,
} as const;

/** Names the kind of a problem, the same in every version. */
export type ProblemCode = keyof typeof STATUS;

/** One thing that is wrong with one field of a request. */
export interface FieldError {
  /** Path of the field, such as `limits.mediaTypes.0`; empty for the body as a whole. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
  /** Name of the bound in the policy that denies it. */
  readonly rule?: string;
}

/** VOD's own error code, and the id by which its support finds the call. */
export interface VodRefusal {
  /** As VOD lists it for the call, for example in https://cloud.tencent.com/document/product/266/35575. */
  readonly code: string;
  /** Empty if VOD's answer had none. */
  readonly requestId: string;
}

/** A quota of the caller that has no room. */
export interface QuotaRefusal {
  /** As the policy names it. */
  readonly rule: 'signaturesPerMinute' | 'openUploads' | 'bytesPerDay';
  readonly limit: number;
  readonly used: number;
  /** Seconds after which to retry: the value of the header `Retry-After`, which an item of a batch cannot have. */
  readonly retryAfter: number;
}

/** What is still known about an upload that was pruned. */
export interface PrunedRecord {
  /** Of its file in VOD; missing if no file came. */
  readonly fileId?: string;
  /** Application of VOD; missing if the configuration named none. */
  readonly subAppId?: number;
  /** ISO 8601. */
  readonly prunedAt: string;
}

interface ProblemOptions extends ErrorOptions {
  readonly code: ProblemCode;
  readonly errors?: readonly FieldError[];
  /** Headers that the answer must have, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly vod?: VodRefusal;
  readonly quota?: QuotaRefusal;
  readonly pruned?: PrunedRecord;
}

/** The one error that is sent to callers. Its text is written for them, and never contains a secret. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly vod: VodRefusal | undefined;
  readonly quota: QuotaRefusal | undefined;
  readonly pruned: PrunedRecord | undefined;

  /** The ledger is bundled into a separate file, so its problems come from another copy of this class. */
  static override [Symbol.hasInstance](value: unknown): value is Problem {
    return value instanceof Error && value.name === 'Problem';
  }

  constructor(detail: string, options: ProblemOptions) {
    super(detail, options);
    this.code = options.code;
    this.status = STATUS[options.code];
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.vod = options.vod;
    this.quota = options.quota;
    this.pruned = options.pruned;
  }
}

const TRANSIENT: ReadonlySet<ProblemCode> = new Set([
  'upstream_busy',
  'upstream_failed',
  'upstream_timeout',
]);

/** Returns whether a call of VOD may succeed later: VOD was not reached, failed, or was called too often. */
export function isTransientProblem(error: unknown): error is Problem {
  return error instanceof Problem && TRANSIENT.has(error.code);
}

/** Most errors that one answer lists; without it, a hostile body could cause as many as fit into a body. */
export const MAX_ERRORS = 100;

/**
 * Returns the problem of a request whose fields `errors` names.
 *
 * @param most errors that the problem lists, if fewer than usual; its text says how many more there are.
 */
export function refuseFields(errors: readonly FieldError[], most: number = MAX_ERRORS): Problem {
  return new Problem(summarize(errors), {
    code: 'invalid_request',
    errors: errors.slice(0, Math.min(most, MAX_ERRORS)),
  });
}

function summarize([first, ...rest]: readonly FieldError[]): string {
  if (first === undefined) return 'Cannot accept the request.';
  if (first.path === '') return `The body ${first.message}.`;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return `Cannot accept the request: "${first.path}" ${first.message}${more}`;
}

const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The body of an error answer. */
export interface ProblemDetails {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail?: string | undefined;
  readonly code: ProblemCode;
  readonly errors?: readonly FieldError[] | undefined;
  readonly vod?: VodRefusal | undefined;
  readonly quota?: QuotaRefusal | undefined;
  readonly pruned?: PrunedRecord | undefined;
  readonly requestId: string;
}

type Told = Pick<Problem, 'status' | 'code'> & Partial<Problem>;

const INTERNAL: Told = { status: 500, code: 'internal' };

/**
 * Returns what the caller may know of `error`: everything of a {@link Problem}, nothing of anything else.
 *
 * `about:blank` means that title and status name the general kind of the problem; `code` names the exact one
 * (https://www.rfc-editor.org/rfc/rfc9457#section-4.2.1).
 */
export function describeProblem(error: unknown, requestId: string): ProblemDetails {
  const known: Told = error instanceof Problem ? error : INTERNAL;
  const { status, code, message: detail, errors, vod, quota, pruned } = known;
  // JSON leaves out what is undefined.
  const more = { errors, vod, quota, pruned };
  const title = TITLE[status] ?? '';
  return { type: 'about:blank', title, status, detail, code, ...more, requestId };
}
