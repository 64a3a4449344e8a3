import { explainRuntime } from '../../deploy/runtime.ts';
import { joinNames } from '../join-names.ts';
import { finding, type Note } from './note.ts';

/** A function that is deployed. */
export interface RunningFunction {
  /** Its name in the cloud. */
  readonly name: string;
  /** As the platform reports it; empty if it does not. */
  readonly runtime: string;
}

/**
 * Finds functions on another runtime than `wanted`, one finding for each runtime that they have.
 *
 * @param wanted the value of RUNTIME, or its default.
 */
export function checkRuntime(
  wanted: string,
  functions: readonly RunningFunction[],
): readonly Note[] {
  // A wrong value of RUNTIME is reported by the check of the variables.
  if (explainRuntime(wanted) !== undefined) return [];
  const others = functions.filter(({ runtime }) => runtime !== wanted);
  return [...new Set(others.map(({ runtime }) => runtime))].map((runtime) => {
    const names = others.filter((one) => one.runtime === runtime).map(({ name }) => name);
    return finding('deployment', describeOther(names, runtime, wanted), suggest(runtime));
  });
}

function describeOther(names: readonly string[], runtime: string, wanted: string): string {
  const verb = names.length === 1 ? 'runs' : 'run';
  const actual = runtime || 'an unknown runtime';
  return `${joinNames(names)} ${verb} on ${actual}, and RUNTIME, or its default, is ${wanted}.`;
}

function suggest(runtime: string): string {
  const keep = explainRuntime(runtime) === undefined ? `Set RUNTIME=${runtime} to keep it. ` : '';
  return `${keep}The runtime of a function cannot be changed: to have another, remove the functions ("npm run remove"), deploy again, which gives them new addresses, and run "vod-upload setup".`;
}
