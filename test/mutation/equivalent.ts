import type { Equivalent } from './score.ts';

/** Changes that change nothing. Where a test could see one after all, take it out and write the test. */
export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'lib/auth/key-finder.ts',
    mutator: 'ConditionalExpression',
    text: 'if (known !== undefined && age() < lifeSeconds) return known.set;',
    code: 'known !== undefined',
    replacement: 'true',
    reason: 'the age of no set is infinite',
  },
  {
    file: 'lib/auth/key-finder.ts',
    mutator: 'ConditionalExpression',
    text: 'if (!(error instanceof Problem || error instanceof ConfigError)) throw error;',
    code: '!(error instanceof Problem || error instanceof ConfigError)',
    replacement: 'false',
    reason: 'obtainKeySet() throws nothing else; the condition is for the compiler',
  },
  {
    file: 'lib/auth/key-finder.ts',
    mutator: 'ConditionalExpression',
    text: 'if (!(error instanceof Problem || error instanceof ConfigError)) throw error;',
    code: 'error instanceof Problem || error instanceof ConfigError',
    replacement: 'true',
    reason: 'obtainKeySet() throws nothing else; the condition is for the compiler',
  },
  {
    file: 'lib/auth/key-finder.ts',
    mutator: 'OptionalChaining',
    text: "throw failure?.error ?? refuseForNow('they were fetched too long ago');",
    code: 'failure?.error',
    replacement: 'failure.error',
    reason:
      'there is a set of now or a failure, since one was just asked for; the rest is for the compiler',
  },
  {
    file: 'lib/auth/key-finder.ts',
    mutator: 'StringLiteral',
    text: "throw failure?.error ?? refuseForNow('they were fetched too long ago');",
    code: "'they were fetched too long ago'",
    replacement: '""',
    reason:
      'there is a set of now or a failure, since one was just asked for; the rest is for the compiler',
  },
  {
    file: 'lib/auth/verify-token.ts',
    mutator: 'ConditionalExpression',
    text: 'if (!isName || exp === undefined) {',
    code: 'exp === undefined',
    replacement: 'false',
    reason: 'for `exp`: jwtVerify() refuses a token without it; the condition is for the compiler',
  },
  {
    file: 'lib/model/source-context.ts',
    mutator: 'BlockStatement',
    text: '} catch {',
    code: '{ return undefined; }',
    replacement: '{}',
    reason: 'returns undefined as well',
  },
  {
    file: 'lib/model/upload-id.ts',
    mutator: 'EqualityOperator',
    text: 'return uploadId < encode(time, TIME_LENGTH);',
    code: 'uploadId < encode(time, TIME_LENGTH)',
    replacement: 'uploadId <= encode(time, TIME_LENGTH)',
    reason: 'an id has 26 characters and the time ten, so they are never equal',
  },
  {
    file: 'lib/model/upload-state.ts',
    mutator: 'ConditionalExpression',
    text: 'if (progress === undefined) return state;',
    code: 'progress === undefined',
    replacement: 'false',
    reason: 'nothing is more than undefined; the condition is for the compiler',
  },
  {
    file: 'lib/model/upload-state.ts',
    mutator: 'EqualityOperator',
    text: 'return (PROGRESS[next] ?? Infinity) > progress ? next : state;',
    code: '(PROGRESS[next] ?? Infinity) > progress',
    replacement: '(PROGRESS[next] ?? Infinity) >= progress',
    reason: 'no two states are equally far, so it is the same state',
  },
];
