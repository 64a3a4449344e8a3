import { expect } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import { type PullContext, parsePullRequest } from '../../../lib/validation/pull-request.ts';
import { thrown } from '../../support/thrown.ts';

/** When the requests of the tests are parsed, under no policy. */
export const CONTEXT: PullContext = {
  nowSeconds: Date.UTC(2026, 10, 22, 8, 0, 0) / 1_000,
  policy: {},
};
/** The URL of a media that may be pulled. */
export const URL_TEXT = 'https://samples.example.com/a.mp4';

/** Returns the single pull that `fields` beside a URL ask for. */
export function parseOne(fields: object, context = CONTEXT) {
  const parsed = parsePullRequest({ mediaUrl: URL_TEXT, ...fields }, context);
  if (parsed.kind !== 'one') throw new Error('expected one pull');
  return parsed.request;
}

/** Returns the pulls of a batch, or the problem of each. */
export function parseMany(items: readonly unknown[]) {
  const parsed = parsePullRequest({ items }, CONTEXT);
  if (parsed.kind !== 'many') throw new Error('expected many pulls');
  return parsed.items.map((item) => ('refusal' in item ? item.refusal : item));
}

/** Returns the problem of a body that is refused. */
export const refusalOf = (body: unknown, context = CONTEXT) =>
  thrown(Problem, () => parsePullRequest(body, context));

/** Returns the paths of the fields that a problem names. */
export function pathsOf(problem: unknown): readonly string[] {
  if (!(problem instanceof Problem)) throw new Error('expected a problem');
  expect(problem.code).toBe('invalid_request');
  return (problem.errors ?? []).map(({ path }) => path);
}
