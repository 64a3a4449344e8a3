import type { Environment } from '../../lib/config/environment.ts';

/**
 * The runtimes that the functions are tested on, by the platform's names:
 * https://docs.cloudbase.net/cloud-function/runtime-support, of the same platform.
 */
export const RUNTIMES: readonly string[] = ['Nodejs20.19', 'Nodejs22.21', 'Nodejs24.11'];

/** The default runtime; serverless.yml has the same. */
export const DEFAULT_RUNTIME = 'Nodejs20.19';

const NAMES = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(RUNTIMES);

/** Returns the runtime that these variables select, as they spell it. */
export function readRuntime({ RUNTIME = '' }: Environment): string {
  return RUNTIME.trim() || DEFAULT_RUNTIME;
}

/** Returns in a sentence without a full stop what is wrong with a runtime; undefined if functions can have it. */
export function explainRuntime(runtime: string): string | undefined {
  return RUNTIMES.includes(runtime)
    ? undefined
    : `RUNTIME must be ${NAMES}, on which the functions are tested, and is ${runtime || 'empty'}`;
}
