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
    { profile: 'pro', claim: { name: 'app_metadata.plan', value: 'pro' } },
    { profile: 'pro', claim: { name: 'https://example.com/plan', value: 'pro' } },
    { profile: 'pro', claim: { name: 'level', value: '3' } },
    { profile: 'pro', claim: { name: 'beta', value: 'true' } },
  ],
};

function subject(scopes: readonly string[], rest: Partial<PolicySubject> = {}): PolicySubject {
  return { scopes: new Set(scopes), ...rest };
}

describe('selectProfile()', () => {
  it.each<[string, PolicySubject, string]>([
    ['a caller without scopes', subject([]), 'default'],
    ['a scope', subject(['upload:sign', 'upload:partner']), 'partner'],
    ['a scope that is a prefix of another', subject(['upload:part']), 'default'],
    ['a key', subject([], { keyName: 'migration' }), 'server'],
    ['another key', subject([], { keyName: 'migration2' }), 'default'],
    ['a claim', subject([], { claims: { plan: 'pro' } }), 'pro'],
    ['another value of a claim', subject([], { claims: { plan: 'Pro' } }), 'default'],
    ['a list that has it', subject([], { claims: { plan: ['free', 'pro'] } }), 'pro'],
    ['a list that does not', subject([], { claims: { plan: ['free', ['pro']] } }), 'default'],
    ['a nested claim', subject([], { claims: { app_metadata: { plan: 'pro' } } }), 'pro'],
    ['a name with dots', subject([], { claims: { 'app_metadata.plan': 'pro' } }), 'pro'],
    [
      'a name with dots before a nested claim',
      subject([], { claims: { app_metadata: { plan: 'pro' }, 'app_metadata.plan': 'free' } }),
      'default',
    ],
    ['a URL as name', subject([], { claims: { 'https://example.com/plan': 'pro' } }), 'pro'],
    ['a number', subject([], { claims: { level: 3 } }), 'pro'],
    ['a truth value', subject([], { claims: { beta: true } }), 'pro'],
    ['null', subject([], { claims: { plan: null, level: null } }), 'default'],
    ['a claim that is not a string', subject([], { claims: { plan: true } }), 'default'],
    ['two matching entries', subject(['upload:partner'], { keyName: 'migration' }), 'partner'],
    [
      'an entry with two conditions',
      subject(['upload:partner'], { claims: { plan: 'pro' } }),
      'proPartner',
    ],
  ])('selects the profile for %s', (_name, caller, profile) => {
    expect(selectProfile(POLICY, caller)).toEqual(
      POLICY.profiles[profile as keyof typeof POLICY.profiles],
    );
  });

  it('returns an empty profile if the policy selects none', () => {
    expect(selectProfile({ profiles: {}, select: [] }, subject(['upload:sign']))).toEqual({});
  });

  it('ignores inherited properties of the claims', () => {
    const policy = {
      profiles: { pro: { maxBytes: 4 } },
      select: [{ profile: 'pro', claim: { name: 'toString', value: 'pro' } }],
    };

    expect(selectProfile(policy, subject([], { claims: {} }))).toEqual({});
  });
});
