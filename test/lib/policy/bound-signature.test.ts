import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundSignature } from '../../../lib/policy/bound-signature.ts';
import type { Profile } from '../../../lib/policy/profile.ts';
import { Problem } from '../../../lib/problem.ts';
import { thrown } from '../../support/thrown.ts';
import { anyProfile, anySignature } from './arbitrary-requests.ts';
import { isFilled, isInRange, isWithin } from './within-profile.ts';

type SignatureRequest = Parameters<typeof boundSignature>[1];

const EMPTY = expect.stringContaining('have nothing in common');

describe('boundSignature()', () => {
  it('leaves a request unchanged under an empty profile', () => {
    const request = { classId: 7, limits: { maxBytes: 1 }, expiresIn: 60, oneTimeValid: false };

    expect(boundSignature({}, request)).toEqual(request);
  });

  it.each<[string, Profile, SignatureRequest, object]>([
    ['nothing', {}, {}, {}],
    ['the longest lifetime below an hour', { maxExpiresIn: 600 }, {}, { expiresIn: 600 }],
    ['an hour under a longer limit', { maxExpiresIn: 7_200 }, {}, { expiresIn: 3_600 }],
    [
      'the first region',
      { regions: ['ap-seoul', 'ap-singapore'] },
      {},
      { storageRegion: 'ap-seoul' },
    ],
    [
      'no region if the request has one',
      { regions: ['ap-seoul', 'ap-singapore'] },
      { storageRegion: 'ap-singapore' },
      { storageRegion: 'ap-singapore' },
    ],
    ['the first class', { classIds: [7, 0] }, {}, { classId: 7 }],
    ['no class if the request has class 0', { classIds: [7, 0] }, { classId: 0 }, { classId: 0 }],
    ['no task flow', { procedures: ['LongVideoPreset'] }, {}, {}],
    ['no task flow if none is allowed', { procedures: [] }, {}, {}],
    ['the only priority', { taskPriority: { min: 2, max: 2 } }, {}, { taskPriority: 2 }],
    [
      'no priority if the request has one',
      { taskPriority: { max: 1 } },
      { taskPriority: 1 },
      { taskPriority: 1 },
    ],
    ['the lowest allowed priority', { taskPriority: { min: 3 } }, {}, { taskPriority: 3 }],
    ['the highest allowed priority', { taskPriority: { max: -3 } }, {}, { taskPriority: -3 }],
    ['no priority if the default is allowed', { taskPriority: { min: -1, max: 1 } }, {}, {}],
    ['one-time use', { oneTimeRequired: true }, {}, { oneTimeValid: true }],
    ['no one-time use if it is not required', { oneTimeRequired: false }, {}, {}],
    [
      'the limits',
      { maxBytes: 10, maxSeconds: 20, mediaTypes: ['mp4'] },
      {},
      { limits: { maxBytes: 10, maxSeconds: 20, mediaTypes: ['mp4'] } },
    ],
    [
      'the tighter of both limits',
      { maxBytes: 10, mediaTypes: ['mp4', 'mov'] },
      { limits: { maxBytes: 5, maxSeconds: 20, mediaTypes: ['mov'] } },
      { limits: { maxBytes: 5, maxSeconds: 20, mediaTypes: ['mov'] } },
    ],
    [
      'the limit of a field that the request leaves undefined',
      { maxBytes: 10 },
      { limits: { maxBytes: undefined, maxSeconds: 20 } },
      { limits: { maxBytes: 10, maxSeconds: 20 } },
    ],
  ])('fills in %s', (_name, profile, request, expected) => {
    expect(boundSignature(profile, request)).toEqual(expected);
  });

  it.each<[Profile, SignatureRequest, string, string, unknown]>([
    [
      { regions: ['ap-seoul', 'ap-singapore'] },
      { storageRegion: 'ap-tokyo' },
      ...(['storageRegion', 'regions', 'must be ap-seoul or ap-singapore'] as const),
    ],
    [{ regions: [] }, {}, 'storageRegion', 'regions', EMPTY],
    [{ regions: [] }, { storageRegion: 'ap-seoul' }, 'storageRegion', 'regions', EMPTY],
    [{ classIds: [1, 2, 3] }, { classId: 0 }, 'classId', 'classIds', 'must be 1, 2 or 3'],
    [{ classIds: [] }, {}, 'classId', 'classIds', EMPTY],
    [{ procedures: ['A'] }, { procedure: 'a' }, 'procedure', 'procedures', 'must be A'],
    [{ procedures: [] }, { procedure: 'A' }, 'procedure', 'procedures', EMPTY],
    [
      { taskPriority: { min: -1, max: 1 } },
      { taskPriority: 2 },
      ...(['taskPriority', 'taskPriority', 'must be at least -1 and at most 1'] as const),
    ],
    [
      { taskPriority: { min: 1 } },
      { taskPriority: 0 },
      ...(['taskPriority', 'taskPriority', 'must be at least 1'] as const),
    ],
    [
      { taskPriority: { max: 1 } },
      { taskPriority: 2 },
      ...(['taskPriority', 'taskPriority', 'must be at most 1'] as const),
    ],
    [{ taskPriority: { min: 2, max: 1 } }, {}, 'taskPriority', 'taskPriority', EMPTY],
    [{ maxExpiresIn: 60 }, { expiresIn: 61 }, 'expiresIn', 'maxExpiresIn', 'must be at most 60'],
    [
      { oneTimeRequired: true },
      { oneTimeValid: false },
      'oneTimeValid',
      'oneTimeRequired',
      'must be true',
    ],
    [
      { maxBytes: 10 },
      { limits: { maxBytes: 11 } },
      ...(['limits.maxBytes', 'maxBytes', 'must be at most 10'] as const),
    ],
    [
      { maxSeconds: 10 },
      { limits: { maxSeconds: 11 } },
      ...(['limits.maxSeconds', 'maxSeconds', 'must be at most 10'] as const),
    ],
    [
      { mediaTypes: ['mp4', 'mov'] },
      { limits: { mediaTypes: ['mp4', 'mp3'] } },
      ...(['limits.mediaTypes.1', 'mediaTypes', 'must be mp4 or mov'] as const),
    ],
    [{ mediaTypes: [] }, {}, 'limits.mediaTypes', 'mediaTypes', EMPTY],
  ])('under %j denies %j', (profile, request, path, rule, message) => {
    const problem = thrown(Problem, () => boundSignature(profile, request));

    expect(problem).toMatchObject({ code: 'policy_denied', status: 403 });
    expect(problem.errors).toEqual([{ path, rule, message }]);
  });

  it('reports every rule that a request breaks', () => {
    const problem = thrown(Problem, () =>
      boundSignature(
        { regions: ['ap-seoul'], maxExpiresIn: 60, oneTimeRequired: true, maxBytes: 1 },
        {
          storageRegion: 'ap-tokyo',
          expiresIn: 3_600,
          oneTimeValid: false,
          limits: { maxBytes: 2, maxSeconds: 1 },
        },
      ),
    );

    expect(problem.errors?.map(({ rule }) => rule)).toEqual([
      'regions',
      'maxBytes',
      'maxExpiresIn',
      'oneTimeRequired',
    ]);
    expect(problem.message).toBe(
      'The policy does not allow the request: "storageRegion" must be ap-seoul (and 3 more)',
    );
  });

  it('denies exactly the requests that exceed the profile, and returns none that does', () => {
    fc.assert(
      fc.property(anyProfile, anySignature, (profile, request) => {
        const within = isWithin(profile, request);
        const exceeds = [
          request.expiresIn !== undefined && request.expiresIn > (profile.maxExpiresIn ?? Infinity),
          profile.oneTimeRequired === true && request.oneTimeValid === false,
          !isInRange(profile, request.taskPriority),
        ].includes(true);
        if (!within || exceeds) {
          expect(thrown(Problem, () => boundSignature(profile, request)).code).toBe(
            'policy_denied',
          );
          return;
        }
        const bounded = boundSignature(profile, request);
        const { limits, ...rest } = request;
        expect(bounded).toMatchObject(rest);
        expect({ ...bounded.limits }).toMatchObject({ ...limits });
        expect(isFilled(profile, bounded)).toBe(true);
        expect(bounded.expiresIn ?? 3_600).toBeLessThanOrEqual(profile.maxExpiresIn ?? Infinity);
        expect(isInRange(profile, bounded.taskPriority ?? 0)).toBe(true);
        expect(profile.oneTimeRequired !== true || bounded.oneTimeValid).toBe(true);
        expect(boundSignature(profile, bounded)).toEqual(bounded);
      }),
      { numRuns: 3_000 },
    );
  });
});
