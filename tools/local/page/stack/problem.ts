/** A wrong field of a request, in the form of the functions. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** The `application/problem+json` answer of a function. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  readonly errors: readonly FieldProblem[];
  readonly requestId?: string;
}

/** A request that was answered with a {@link Problem}. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail === '' ? problem.title : problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** Reads a refusal; if it is not a problem document, the result has at least its status. */
export async function readProblem(response: Response): Promise<Problem> {
  return toProblem(await readRecord(response), response.status);
}

/** Returns the problem that `body` describes; missing members are derived from `status`. */
export function toProblem(body: Readonly<Record<string, unknown>>, status: number): Problem {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const requestId = text('requestId');
  return {
    status,
    title: text('title') || `HTTP ${status}`,
    detail: text('detail'),
    code: text('code') || `http_${status}`,
    errors: Array.isArray(body['errors']) ? body['errors'].filter(isFieldProblem) : [],
    ...(requestId === '' ? {} : { requestId }),
  };
}

async function readRecord(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}

/** Returns whether `value` is an object whose members can be read by name. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return (
    isRecord(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string'
  );
}
