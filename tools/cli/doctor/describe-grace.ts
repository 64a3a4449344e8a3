import type { Environment } from '../../../lib/config/environment.ts';
import { explainTooLong, type GraceName, readGrace } from '../../deploy/explain-grace.ts';
import { finding, type Note } from './note.ts';

/**
 * Returns the notes about a grace: that it is in force, or has no effect.
 *
 * @param now Unix milliseconds.
 * @param danger the warning while it is in force.
 */
export function describeGrace(
  name: GraceName,
  environment: Environment,
  now: number,
  danger: { readonly text: string; readonly remedy: string },
): readonly Note[] {
  const find = (text: string, remedy: string) => [finding('configuration', text, remedy)];
  switch (readGrace(name, environment, now)) {
    case undefined:
      return [];
    case 'is too long':
      return find(`${explainTooLong(name)}.`, `Set ${name} to an earlier time, and deploy again.`);
    case 'is over':
      return find(
        `${name} is in the past, so it has no effect.`,
        `Remove ${name}, and deploy again.`,
      );
    case 'lasts':
      return find(danger.text, danger.remedy);
  }
}
