import type { Settings } from '../../lib/policy/settings.ts';
import type { NamesOptions } from './emulator/known-names.ts';

/**
 * Returns the procedures and categories that exist in a stack: those that policy and rules name, since the account in
 * the cloud must have them, and further ones.
 */
export function joinNames(
  settings: Settings | undefined,
  { procedures = [], classIds = [], ...others }: NamesOptions = {},
): NamesOptions {
  const { policy, rules } = settings ?? { policy: { profiles: {} }, rules: [] };
  const profiles = Object.values(policy.profiles);
  const started = rules.flatMap(({ set }) => set.procedure?.name ?? []);
  const assigned = rules.flatMap(({ set, match }) => [
    ...(set.classId === undefined ? [] : [set.classId]),
    ...(match.classIds ?? []),
  ]);
  return {
    ...others,
    procedures: [
      ...profiles.flatMap((profile) => profile.procedures ?? []),
      ...started,
      ...procedures,
    ],
    classIds: [...profiles.flatMap((profile) => profile.classIds ?? []), ...assigned, ...classIds],
  };
}
