import { Problem } from '../problem.ts';

/**
 * Returns the problem of a request whose token or key counts for nothing.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
export function tokenRefused(detail: string, cause?: unknown): Problem {
  return new Problem(detail, {
    code: 'unauthorized',
    cause,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}
