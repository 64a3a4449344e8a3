/**
 * Status of each problem code. A code without a status does not compile.
 *
 * Codes are stable: callers switch on them, never on the text.
 */
const STATUS = {
  invalid_json: 400,
  invalid_request: 400,
  unauthorized: 401,
  insufficient_scope: 403,
  method_not_allowed: 405,
  payload_too_large: 413,
  internal: 500,
} as const;

/** Names the kind of a problem, the same in every version. */
export type ProblemCode = keyof typeof STATUS;

/** One thing that is wrong with one field of a request. */
export interface FieldError {
  /** Where, as in `limits.mediaTypes.0`; empty for the body as a whole. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

interface ProblemOptions extends ErrorOptions {
  readonly code: ProblemCode;
  readonly errors?: readonly FieldError[];
  /** Headers that the answer must have, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The one error that crosses the wire. Its text is written for the caller, and never holds a secret. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(detail: string, options: ProblemOptions) {
    super(detail, options);
    this.code = options.code;
    this.status = STATUS[options.code];
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  500: 'Internal Server Error',
};

/** The body of an error answer. */
export interface ProblemDetails {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: ProblemCode;
  readonly errors?: readonly FieldError[];
  readonly requestId: string;
}

/**
 * Answers what the caller may know of `error`: everything of a {@link Problem}, nothing of anything else.
 *
 * `about:blank` says that title and status tell the kind, and `code` the exact one
 * (https://www.rfc-editor.org/rfc/rfc9457#section-4.2.1).
 */
export function describeProblem(error: unknown, requestId: string): ProblemDetails {
  if (!(error instanceof Problem)) {
    return {
      type: 'about:blank',
      title: TITLE[500] ?? '',
      status: 500,
      code: 'internal',
      requestId,
    };
  }
  const { status, code, message, errors } = error;
  return {
    type: 'about:blank',
    title: TITLE[status] ?? '',
    status,
    detail: message,
    code,
    ...(errors === undefined ? {} : { errors }),
    requestId,
  };
}
