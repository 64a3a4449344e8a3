import { describe, expect, it } from 'vitest';
import { type PolicySubject, selectProfile } from '../../../lib/policy/select-profile.ts';

const POLICY = {
  profiles: {
    default: { maxBytes: 1 },
    partner: { maxBytes: 2 },
    server: { maxBytes: 3 },
    pro: { maxBytes: 4 },
    proPartner: { maxBytes: 5 },
  },
  select: [
    {
      profile: 'proPartner',
      scope: 'upload:partner',
      claim: { name: 'plan', value: 'pro' },
    },
    { profile: 'partner', scope: 'upload:partner' },
    { profile: 'server', key: 'migration' },
    { profile: 'pro', claim: { name: 'plan', value: 'pro' } },
  ],
};

function subject(scopes: readonly string[], rest: Partial<PolicySubject> = {}): PolicySubject {
  return { scopes: new Set(scopes), ...rest };
}

describe('selectProfile()', () => {
  it.each<[string, PolicySubject, string]>([
    ['nobody in particular', subject([]), 'default'],
    ['a scope', subject(['upload:sign', 'upload:partner']), 'partner'],
    ['a scope that is the beginning of another', subject(['upload:part']), 'default'],
    ['a key', subject([], { keyName: 'migration' }), 'server'],
    ['another key', subject([], { keyName: 'migration2' }), 'default'],
    ['a claim', subject([], { claims: { plan: 'pro' } }), 'pro'],
    ['another value of a claim', subject([], { claims: { plan: 'Pro' } }), 'default'],
    ['a claim that is a list', subject([], { claims: { plan: ['pro'] } }), 'default'],
    ['a claim that is no text', subject([], { claims: { plan: true } }), 'default'],
    ['two that fit', subject(['upload:partner'], { keyName: 'migration' }), 'partner'],
    ['all of an entry', subject(['upload:partner'], { claims: { plan: 'pro' } }), 'proPartner'],
  ])('chooses for %s', (_name, caller, profile) => {
    expect(selectProfile(POLICY, caller)).toEqual(
      POLICY.profiles[profile as keyof typeof POLICY.profiles],
    );
  });

  it('bounds nothing where nothing is said', () => {
    expect(selectProfile({ profiles: {}, select: [] }, subject(['upload:sign']))).toEqual({});
  });

  it('takes nothing for a claim that the token does not have of itself', () => {
    const policy = {
      profiles: { pro: { maxBytes: 4 } },
      select: [{ profile: 'pro', claim: { name: 'toString', value: 'pro' } }],
    };

    expect(selectProfile(policy, subject([], { claims: {} }))).toEqual({});
  });
});
