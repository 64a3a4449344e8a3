import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundPull, createPermit } from '../../../lib/policy/permit-caller.ts';
import type { Profile } from '../../../lib/policy/profile.ts';
import type { PolicySubject } from '../../../lib/policy/select-profile.ts';
import { Problem } from '../../../lib/problem.ts';
import { thrown } from '../../support/thrown.ts';
import { anyProfile, anyPull } from './arbitrary-requests.ts';
import { isFilled, isInRange } from './within-profile.ts';

const POLICY = {
  profiles: { default: { maxBytes: 100 } },
  select: [],
  tenants: {
    claim: 'tenant',
    subAppIds: { acme: 1_500_000_002, globex: 1_500_000_003, 42: 1_500_000_004 },
  },
};
const { tenants: _tenants, ...SINGLE } = POLICY;

function caller(rest: Partial<PolicySubject>): PolicySubject {
  return { scopes: new Set(['upload:sign']), ...rest };
}

describe('createPermit()', () => {
  it('returns the same permit immediately if the token narrows nothing', () => {
    const permit = createPermit(SINGLE);
    const subject = caller({ claims: { sub: 'user-42' } });

    expect(permit(subject)).toEqual({ profile: { maxBytes: 100 } });
    expect(permit(subject)).toBe(permit(subject));
  });

  it('narrows the profile by the claim vod, once per caller', async () => {
    const permit = createPermit(SINGLE);
    const subject = caller({ claims: { vod: { maxBytes: 10 } } });

    expect(await permit(subject)).toMatchObject({ profile: { maxBytes: 10 } });
    expect(permit(subject)).toMatchObject({ profile: { maxBytes: 10 } });
  });

  it('narrows nothing by a claim vod that is null', () => {
    const permit = createPermit(SINGLE);

    expect(permit(caller({ claims: { vod: null } }))).toEqual({ profile: { maxBytes: 100 } });
  });

  it('narrows an empty profile', async () => {
    const permit = createPermit({ profiles: {}, select: [] });

    expect(await permit(caller({ claims: { vod: { classIds: [7] } } }))).toMatchObject({
      profile: { classIds: [7] },
    });
  });

  it('denies an invalid claim, also when it is repeated', async () => {
    const permit = createPermit(SINGLE);
    const subject = caller({ claims: { vod: { maxBytes: '10' } } });

    await expect(permit(subject)).rejects.toMatchObject({ code: 'policy_denied' });
    await expect(permit(subject)).rejects.toMatchObject({ code: 'policy_denied' });
  });

  it.each([
    [caller({ claims: { tenant: 'acme' } }), 1_500_000_002],
    [caller({ claims: { tenant: 'globex' } }), 1_500_000_003],
    [caller({ claims: { tenant: ['acme'] } }), 1_500_000_002],
    [caller({ claims: { tenant: ['staff', 'globex', 'globex'] } }), 1_500_000_003],
    [caller({ claims: { tenant: 42 } }), 1_500_000_004],
    [caller({ keyName: 'backend', tenant: 'acme' }), 1_500_000_002],
    [caller({ keyName: 'backend', tenant: 'acme', claims: { tenant: 'globex' } }), 1_500_000_002],
  ])('returns the application of the tenant of %j', async (subject, subAppId) => {
    expect(await createPermit(POLICY)(subject)).toMatchObject({ subAppId });
  });

  it.each([
    caller({}),
    caller({ claims: {} }),
    caller({ claims: { tenant: 'initech' } }),
    caller({ claims: { tenant: '' } }),
    caller({ claims: { tenant: [['acme']] } }),
    caller({ claims: { tenant: { acme: true } } }),
    caller({ claims: { tenant: null } }),
    caller({ claims: { tenant: 42.5 } }),
    caller({ claims: { tenant: 'constructor' } }),
    caller({ claims: { tenant: '__proto__' } }),
    caller({ claims: Object.create({ tenant: 'acme' }) }),
    caller({ keyName: 'acme' }),
  ])('refuses the caller %j, which belongs to no tenant', (subject) => {
    expect(() => createPermit(POLICY)(subject)).toThrow(
      expect.objectContaining({
        code: 'policy_denied',
        status: 403,
        message:
          'The policy does not allow the request: "tenant" must name a tenant of this service',
        errors: [
          { path: 'tenant', rule: 'tenants', message: 'must name a tenant of this service' },
        ],
      }),
    );
  });

  it('reads the tenant from a nested claim', async () => {
    const nested = { ...POLICY, tenants: { ...POLICY.tenants, claim: 'org.name' } };

    expect(await createPermit(nested)(caller({ claims: { org: { name: 'acme' } } }))).toMatchObject(
      {
        subAppId: 1_500_000_002,
      },
    );
  });

  it.each([
    ['tenant', { tenant: ['acme', 'globex'] }],
    ['org.name', { org: { name: 'acme' }, 'org.name': 'globex' }],
  ])('refuses a caller of several tenants in %s', (claim, claims) => {
    const policy = { ...POLICY, tenants: { ...POLICY.tenants, claim } };

    expect(() => createPermit(policy)(caller({ claims }))).toThrow(
      expect.objectContaining({
        errors: [
          { path: claim, rule: 'tenants', message: 'must name only one tenant of this service' },
        ],
      }),
    );
  });
});

const PULL = { mediaUrl: 'https://media.example.com/a.mp4', mediaType: 'mp4' };

type PullRequest = Parameters<typeof boundPull>[1];

describe('boundPull()', () => {
  it.each<[string, Profile, Partial<PullRequest>, object]>([
    ['nothing', {}, {}, {}],
    ['the lowest priority', { taskPriority: { min: 3 } }, {}, { tasksPriority: 3 }],
    ['the first region', { regions: ['ap-seoul'] }, {}, { storageRegion: 'ap-seoul' }],
    ['the limits', { mediaTypes: ['mp4'] }, {}, { limits: { mediaTypes: ['mp4'] } }],
    ['nothing for pull hosts', { pullHosts: ['*.example.com'] }, {}, {}],
  ])('fills in %s', (_name, profile, request, expected) => {
    expect(boundPull(profile, { ...PULL, ...request })).toEqual({
      ...PULL,
      ...request,
      ...expected,
    });
  });

  it.each<[Profile, Partial<PullRequest>, string, string, unknown]>([
    [
      { pullHosts: ['example.com', '*.example.org'] },
      {},
      ...(['mediaUrl', 'pullHosts', 'must be at example.com or *.example.org'] as const),
    ],
    [
      { pullHosts: ['media.example.com'] },
      { mediaUrl: 'https://media.example.com.evil.org/a.mp4' },
      ...(['mediaUrl', 'pullHosts', 'must be at media.example.com'] as const),
    ],
    [
      { pullHosts: ['media.example.com'] },
      { coverUrl: 'https://covers.example.com/a.png' },
      ...(['coverUrl', 'pullHosts', 'must be at media.example.com'] as const),
    ],
    [
      { pullHosts: [] },
      {},
      'mediaUrl',
      'pullHosts',
      expect.stringContaining('have nothing in common'),
    ],
    [{ mediaTypes: ['mov', 'mp3'] }, {}, 'mediaType', 'mediaTypes', 'must be mov or mp3'],
    [
      { taskPriority: { max: 1 } },
      { tasksPriority: 2 },
      ...(['tasksPriority', 'taskPriority', 'must be at most 1'] as const),
    ],
    [{ classIds: [1] }, { classId: 2 }, 'classId', 'classIds', 'must be 1'],
  ])('under %j denies a pull with %j', (profile, request, path, rule, message) => {
    const problem = thrown(Problem, () => boundPull(profile, { ...PULL, ...request }));

    expect(problem).toMatchObject({ code: 'policy_denied', status: 403 });
    expect(problem.errors).toEqual([{ path, rule, message }]);
  });

  it('never quotes a URL', () => {
    const problem = thrown(Problem, () =>
      boundPull(
        { pullHosts: ['media.example.com'] },
        { ...PULL, mediaUrl: 'https://a.example.org/a.mp4?token=canary' },
      ),
    );

    expect(JSON.stringify([problem.message, problem.errors])).not.toContain('canary');
  });

  it('never lets a pull exceed the profile', () => {
    fc.assert(
      fc.property(anyProfile, anyPull, (profile, request) => {
        try {
          const bounded = boundPull(profile, request);
          expect(isFilled(profile, bounded)).toBe(true);
          expect(isInRange(profile, bounded.tasksPriority ?? 0)).toBe(true);
          expect(profile.mediaTypes?.includes(bounded.mediaType) ?? true).toBe(true);
          expect(bounded.limits?.mediaTypes?.includes(bounded.mediaType) ?? true).toBe(true);
          expect(boundPull(profile, bounded)).toEqual(bounded);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
