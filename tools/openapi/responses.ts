import type { ProblemCode } from '../../lib/problem.ts';
import { ANSWER_PARTS } from './answer-parts.ts';
import { describeAnswer, type JsonSchema } from './json-schema.ts';
import { type Operation, refer } from './operation.ts';
import { PROBLEM_TEXTS, statusOf } from './problems.ts';
import { withoutLocalLinks } from './texts.ts';

/** Headers of answers, by their names. */
export const HEADERS: Readonly<
  Record<string, { readonly description: string; readonly schema: JsonSchema }>
> = {
  'X-Request-Id': {
    description: 'names the call in the log',
    schema: { type: 'string' },
  },
  ETag: {
    description: 'changes with the body alone: send it as If-None-Match',
    schema: { type: 'string', pattern: '^"[\\w-]+"$' },
  },
  'Retry-After': {
    description: 'seconds to wait; missing where nobody knows how many',
    schema: { type: 'string', pattern: '^\\d+$' },
  },
  'WWW-Authenticate': {
    description: 'what is missing: https://www.rfc-editor.org/rfc/rfc6750#section-3',
    schema: { type: 'string', pattern: '^Bearer\\b' },
  },
  Allow: { description: 'the methods that the path has', schema: { type: 'string' } },
};

/** Problems of every operation that needs a token. */
const WITH_TOKEN: readonly ProblemCode[] = [
  ...(['unauthorized', 'insufficient_scope', 'policy_denied', 'internal'] as const),
  ...(['identity_unavailable', 'ledger_unavailable'] as const),
];

/** Headers that a problem has in addition, by its status. */
const PROBLEM_HEADERS: Readonly<Record<number, readonly string[]>> = {
  ...{ 401: ['WWW-Authenticate'], 403: ['WWW-Authenticate'] },
  ...{ 429: ['Retry-After'], 503: ['Retry-After'] },
};

/** Returns every problem that an operation may answer. */
export function listProblems({ scope, problems }: Operation): readonly ProblemCode[] {
  return scope === undefined ? problems : [...problems, ...WITH_TOKEN];
}

/** Returns the answers of an operation, by their statuses. */
export function describeResponses(operation: Operation): Readonly<Record<string, object>> {
  const { status, answer, created, schema, headers = [] } = operation;
  const isCached = headers.includes('If-None-Match');
  const tagged = ['X-Request-Id', ...(isCached ? ['ETag'] : [])];
  const success = {
    description: capitalize(withoutLocalLinks(answer)),
    headers: pickHeaders(tagged),
    ...(schema && {
      content: { 'application/json': { schema: describeAnswer(schema, ANSWER_PARTS) } },
    }),
  };
  const unchanged = { description: 'As before: If-None-Match.', headers: pickHeaders(tagged) };
  const problems = listProblems(operation);
  const statuses = new Set(problems.map(statusOf));
  const codesOf = (each: number) => problems.filter((code) => statusOf(code) === each);
  return {
    [status]: success,
    ...(created === undefined ? {} : { 201: { ...success, description: capitalize(created) } }),
    ...(isCached ? { 304: unchanged } : {}),
    ...Object.fromEntries([...statuses].map((each) => [each, describe(codesOf(each), each)])),
    default: describe(['method_not_allowed'], 405),
  };
}

function describe(codes: readonly ProblemCode[], status: number): object {
  const whens = codes.map((code) => `\`${code}\`: ${withoutLocalLinks(PROBLEM_TEXTS[code].when)}.`);
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]);
  const names = status === 405 ? ['Allow'] : (PROBLEM_HEADERS[status] ?? []);
  return {
    description: whens.join('\n\n'),
    headers: pickHeaders(['X-Request-Id', ...names]),
    content: {
      'application/problem+json': {
        schema: refer('Problem'),
        examples: Object.fromEntries(examples),
      },
    },
  };
}

function pickHeaders(names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
