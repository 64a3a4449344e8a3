import * as v from 'valibot';
import { quotaFields } from '../model/quotas.ts';
import { classId, integer, limitFields, procedure, storageRegion } from '../validation/fields.ts';
import { explainHostPattern } from '../validation/host-pattern.ts';
import { MAX_SIGNATURE_SECONDS, MAX_TASK_PRIORITY } from '../validation/limits.ts';
import { listOf, strictMap } from './strict-map.ts';

const priority = integer(-MAX_TASK_PRIORITY, MAX_TASK_PRIORITY);

const hostPattern = v.pipe(
  v.string('must be a string'),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? explainHostPattern(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);

/** Bounds of what a caller may ask for; what is not given is not bounded. */
const bounds = {
  regions: v.optional(listOf(storageRegion)),
  classIds: v.optional(listOf(classId)),
  procedures: v.optional(listOf(procedure)),
  taskPriority: v.optional(
    v.pipe(
      strictMap({ min: v.optional(priority), max: v.optional(priority) }),
      v.check(
        ({ min = -MAX_TASK_PRIORITY, max = MAX_TASK_PRIORITY }) => min <= max,
        'must have a min that is not above its max',
      ),
    ),
  ),
  /** Longest life of a signature in seconds. */
  maxExpiresIn: v.optional(integer(1, MAX_SIGNATURE_SECONDS)),
  ...limitFields.entries,
  /** Hosts that media may be pulled from. */
  pullHosts: v.optional(listOf(hostPattern)),
};

/** Schema of a profile of the policy. */
export const profileSchema = strictMap({
  ...bounds,
  oneTimeRequired: v.optional(v.boolean('must be true or false')),
  quotas: v.optional(strictMap(quotaFields.entries)),
});

/** Schema of the claim `vod`, by which a token's issuer narrows what the policy allows. */
export const claimSchema = strictMap({
  ...bounds,
  oneTimeRequired: v.optional(v.literal(true, 'must be true; leave it out otherwise')),
});

/** What a caller may ask for; what is not given is not bounded. */
export type Profile = v.InferOutput<typeof profileSchema>;
