import type * as v from 'valibot';
import type { Scope } from '../../lib/auth/authenticate.ts';
import type { ProblemCode } from '../../lib/problem.ts';
import type { JsonSchema } from './json-schema.ts';

/** Headers that callers may send with a request. */
type RequestHeader = 'Idempotency-Key' | 'If-None-Match';

/** One method of one path, as the document and the tables describe it. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly path: string;
  readonly tag: 'Apps' | 'Operators' | 'VOD';
  readonly summary: string;
  /** Undefined if no token is needed. */
  readonly scope?: Scope;
  readonly description: string;
  readonly headers?: readonly RequestHeader[];
  readonly query?: Readonly<Record<string, JsonSchema>>;
  readonly body?: {
    readonly schema: JsonSchema;
    readonly examples: Readonly<Record<string, object>>;
    /** Whether it may be left out. */
    readonly optional?: boolean;
  };
  readonly status: 200 | 202 | 204;
  /** What the answer 201 is, which the operation has in place of its usual status for something new. */
  readonly created?: string;
  /** What the answer is, as Markdown whose links are relative to docs/. */
  readonly answer: string;
  /** Of its body; undefined if it has none. */
  readonly schema?: v.GenericSchema;
  /** Problems in addition to those that every operation with a token may have. */
  readonly problems: readonly ProblemCode[];
}

/** Returns a reference to a schema of the document. */
export function refer(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
