import { ProblemError, readProblem } from './problem.ts';

/**
 * Calls the stack and returns its JSON answer.
 *
 * @throws {ProblemError} with the refusal.
 */
export async function callJson<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new ProblemError(await readProblem(response));
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
