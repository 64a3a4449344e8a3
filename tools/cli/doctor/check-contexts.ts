import type { Environment } from '../../../lib/config/environment.ts';
import type { DeployedFunction } from '../cloud/deployed-functions.ts';
import { joinNames } from '../join-names.ts';
import { describeGrace } from './describe-grace.ts';
import { finding, type Note } from './note.ts';

/** Functions that write or read source contexts. */
const HANDLES_CONTEXTS: ReadonlySet<string> = new Set(['signature', 'pull', 'callback', 'sweep']);

/**
 * Finds functions that were deployed with other keys than `expected`. All must have the same: what one function writes,
 * the others read.
 *
 * @param expected `SOURCE_CONTEXT_KEYS`; missing ones are reported by the check of the variables.
 */
export function checkContextKeys(
  functions: readonly {
    readonly name: string;
    readonly deployed: DeployedFunction | undefined;
  }[],
  expected: string | undefined,
): readonly Note[] {
  const others = functions
    .filter(({ name, deployed }) => HANDLES_CONTEXTS.has(name) && deployed !== undefined)
    .filter(({ deployed }) => deployed?.variables['SOURCE_CONTEXT_KEYS'] !== expected)
    .map(({ name }) => name);
  if (expected === undefined || others.length === 0) return [];
  return [
    finding(
      'deployment',
      `${joinNames(others)} ${others.length === 1 ? 'has' : 'have'} other SOURCE_CONTEXT_KEYS than are set here, so uploads may be taken for media of other programs.`,
      'Deploy all functions with the same keys.',
    ),
  ];
}

/**
 * Finds missing keys, without which the functions work only if they have the upload key. Also reports a grace for
 * contexts without a MAC: that it is in force, or has no effect.
 *
 * @param now Unix milliseconds.
 */
export function checkContexts(environment: Environment, now: number): readonly Note[] {
  const { SOURCE_CONTEXT_KEYS: keys, VOD_SECRET_KEY: uploadKey } = environment;
  // If both are missing, the check of the variables reports it for each function.
  if (keys !== undefined || uploadKey === undefined) return checkGrace(environment, now);
  return [
    finding(
      'configuration',
      'SOURCE_CONTEXT_KEYS is not set, without which pull, callback and sweep refuse every call once they are deployed.',
      'Generate a key with "openssl rand -base64 32", set it, and deploy.',
    ),
    ...checkGrace(environment, now),
  ];
}

function checkGrace(environment: Environment, now: number): readonly Note[] {
  const { SOURCE_CONTEXT_V1_UNTIL: until, DATABASE_URL: databaseUrl } = environment;
  const which = databaseUrl === undefined ? 'any upload' : 'an upload that the database knows';
  return describeGrace('SOURCE_CONTEXT_V1_UNTIL', environment, now, {
    text: `Until ${until} (SOURCE_CONTEXT_V1_UNTIL) nothing has to prove that a context is of this service, so other programs can pass media off as ${which}.`,
    remedy:
      'Remove SOURCE_CONTEXT_V1_UNTIL once all signatures have ended that were issued before contexts were proven, and deploy again.',
  });
}
