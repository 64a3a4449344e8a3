import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundSignature } from '../../../lib/policy/bound-signature.ts';
import { narrowByClaim } from '../../../lib/policy/narrow-by-claim.ts';
import { boundPull } from '../../../lib/policy/permit-caller.ts';
import type { Profile } from '../../../lib/policy/profile.ts';
import { Problem } from '../../../lib/problem.ts';
import { anyClaim, anyProfile, anyPull, anySignature } from './arbitrary-requests.ts';

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('Nothing was denied');
}

describe('narrowByClaim()', () => {
  it.each<[keyof Profile, Profile, object, unknown]>([
    ['regions', {}, { regions: ['ap-seoul'] }, ['ap-seoul']],
    ['regions', { regions: ['ap-seoul'] }, {}, ['ap-seoul']],
    [
      'regions',
      { regions: ['ap-seoul', 'ap-singapore'] },
      { regions: ['ap-singapore', 'ap-guangzhou'] },
      ['ap-singapore'],
    ],
    ['regions', { regions: ['ap-seoul'] }, { regions: ['ap-singapore'] }, []],
    ['classIds', { classIds: [1, 2] }, { classIds: [2, 3] }, [2]],
    ['procedures', { procedures: ['a'] }, { procedures: ['b'] }, []],
    ['mediaTypes', { mediaTypes: ['mp4', 'mov'] }, { mediaTypes: ['MOV'] }, ['mov']],
    ['maxExpiresIn', { maxExpiresIn: 600 }, { maxExpiresIn: 60 }, 60],
    ['maxExpiresIn', { maxExpiresIn: 600 }, { maxExpiresIn: 6_000 }, 600],
    ['maxBytes', {}, { maxBytes: 5 }, 5],
    ['maxSeconds', { maxSeconds: 5 }, {}, 5],
    ['taskPriority', {}, { taskPriority: { max: 0 } }, { max: 0 }],
    ['taskPriority', {}, { taskPriority: { min: 3 } }, { min: 3 }],
    ['taskPriority', { taskPriority: { min: 3 } }, {}, { min: 3 }],
    ['taskPriority', { taskPriority: { min: -9 } }, { taskPriority: { min: -5 } }, { min: -5 }],
    [
      'taskPriority',
      { taskPriority: { min: -5, max: 5 } },
      { taskPriority: { min: -9, max: 1 } },
      { min: -5, max: 1 },
    ],
    ['regions', { regions: ['ap-seoul'] }, { regions: null }, ['ap-seoul']],
    ['maxBytes', { maxBytes: 5 }, { regions: null, maxBytes: null }, 5],
    ['taskPriority', {}, { taskPriority: { min: null, max: 1 } }, { max: 1 }],
    ['taskPriority', { taskPriority: { max: 1 } }, { taskPriority: null }, { max: 1 }],
    ['oneTimeRequired', {}, { oneTimeRequired: true }, true],
    ['oneTimeRequired', { oneTimeRequired: true }, {}, true],
    ['quotas', { quotas: { openUploads: 1 } }, {}, { openUploads: 1 }],
    ['pullHosts', { pullHosts: ['a.example.com'] }, { pullHosts: ['b.example.com'] }, []],
    ['pullHosts', {}, { pullHosts: ['a.example.com'] }, ['a.example.com']],
    [
      'pullHosts',
      { pullHosts: ['*.example.com'] },
      { pullHosts: ['a.example.com', 'example.com', 'a.example.org'] },
      ['a.example.com'],
    ],
    [
      'pullHosts',
      { pullHosts: ['*.example.com'] },
      { pullHosts: ['*.cdn.example.com'] },
      ['*.cdn.example.com'],
    ],
    // A name does not include the hosts below it.
    ['pullHosts', { pullHosts: ['example.com'] }, { pullHosts: ['*.example.com'] }, []],
    // The claim may be wider than the profile.
    [
      'pullHosts',
      { pullHosts: ['a.example.com'] },
      { pullHosts: ['*.example.com', 'a.example.org'] },
      ['a.example.com'],
    ],
    ['pullHosts', { pullHosts: ['*.example.com'] }, { pullHosts: ['*.ample.com'] }, []],
  ])('narrows %s of %j by %j to %j', (field, profile, claim, expected) => {
    expect(narrowByClaim(profile, claim)[field]).toEqual(expected);
  });

  it.each<[unknown, readonly string[]]>([
    [null, ['vod']],
    ['all', ['vod']],
    [[], ['vod']],
    [{ oneTimeRequired: false }, ['vod.oneTimeRequired']],
    [{ quotas: { openUploads: 99 } }, ['vod.quotas']],
    [{ regions: [], classIds: ['7'], colour: 1 }, ['vod.regions', 'vod.classIds.0', 'vod.colour']],
    [{ maxExpiresIn: 7_776_001 }, ['vod.maxExpiresIn']],
    [{ taskPriority: { min: 1, max: 0 } }, ['vod.taskPriority']],
    [{ constructor: 1 }, ['vod.constructor']],
  ])('denies every request of a token with the claim %j', (claim, paths) => {
    const problem = problemOf(() => narrowByClaim({}, claim));

    expect(problem).toMatchObject({ code: 'policy_denied', status: 403 });
    expect(problem.errors?.map(({ path }) => path)).toEqual(paths);
    expect(problem.errors?.map(({ rule }) => rule)).toEqual(paths.map(() => 'claim'));
    expect(problem.errors?.map(({ message }) => message)).not.toContain('');
  });

  it('never allows a signature that the profile denies', () => {
    fc.assert(
      fc.property(anyProfile, anyClaim, anySignature, (profile, claim, request) => {
        const narrowed = narrowByClaim(profile, claim);
        if (isAllowed(() => boundSignature(narrowed, request))) {
          // A request that has every field is filled in with nothing, so both bounds judge the same request.
          const full = boundSignature(narrowed, request);
          expect(boundSignature(profile, full)).toEqual(full);
          expect(boundSignature(narrowByClaim({}, claim), full)).toEqual(full);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never allows a pull that the profile denies, and never denies a host that both allow', () => {
    fc.assert(
      fc.property(anyProfile, anyClaim, anyPull, (profile, claim, request) => {
        const { hosts, rest } = splitHosts(profile, claim);
        const allows = (each: Profile) => isAllowed(() => boundPull(each, request));
        // For hosts alone, the narrowed profile allows exactly what both allow.
        expect(allows(narrowByClaim(hosts.profile, hosts.claim))).toBe(
          allows(hosts.profile) && allows(hosts.claim),
        );
        if (allows(narrowByClaim(rest.profile, rest.claim))) {
          const full = boundPull(narrowByClaim(rest.profile, rest.claim), request);
          expect(boundPull(rest.profile, full)).toEqual(full);
          expect(boundPull(rest.claim, full)).toEqual(full);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

function isAllowed(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return false;
  }
}

/** Separates the hosts, since a host that both allow need not be listed in both. */
function splitHosts(profile: Profile, claim: Profile) {
  const { pullHosts: ownHosts, ...ownRest } = profile;
  const { pullHosts: claimedHosts, ...claimedRest } = claim;
  return {
    hosts: {
      profile: ownHosts === undefined ? {} : { pullHosts: ownHosts },
      claim: claimedHosts === undefined ? {} : { pullHosts: claimedHosts },
    },
    rest: { profile: ownRest, claim: claimedRest },
  };
}
