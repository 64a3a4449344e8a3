import type { Environment } from '../../lib/config/environment.ts';

/**
 * Runtimes that the functions are tested on, as the platform names them:
 * https://docs.cloudbase.net/cloud-function/runtime-support, of the same platform.
 */
export const RUNTIMES: readonly string[] = ['Nodejs20.19', 'Nodejs22.21', 'Nodejs24.11'];

/** The runtime where nothing is said; serverless.yml has the same. */
export const DEFAULT_RUNTIME = 'Nodejs20.19';

const NAMES = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(RUNTIMES);

/** Returns the runtime that functions are deployed on with these variables, as they spell it. */
export function readRuntime({ RUNTIME = '' }: Environment): string {
  return RUNTIME.trim() || DEFAULT_RUNTIME;
}

/** Returns in a sentence without a full stop what is wrong with a runtime; undefined for one that functions can have. */
export function explainRuntime(runtime: string): string | undefined {
  return RUNTIMES.includes(runtime)
    ? undefined
    : `RUNTIME must be ${NAMES}, on which the functions are tested, and is ${runtime || 'empty'}`;
}
