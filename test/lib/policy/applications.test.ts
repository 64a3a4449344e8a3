import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/config-error.ts';
import { listApplications, requireOwnApplication } from '../../../lib/policy/applications.ts';

const TENANTS = {
  claim: 'tenant',
  subAppIds: { acme: 1_500_000_002, globex: 1_500_000_003, initech: 1_500_000_002 },
};

describe('listApplications()', () => {
  it('has the service’s own first, and each other one once', () => {
    expect(listApplications({ tenants: TENANTS }, 1_500_000_001)).toEqual([
      1_500_000_001, 1_500_000_002, 1_500_000_003,
    ]);
  });

  it('has the own one once where a tenant has it too', () => {
    expect(listApplications({ tenants: TENANTS }, 1_500_000_003)).toEqual([
      1_500_000_003, 1_500_000_002,
    ]);
  });

  it.each([undefined, 1_500_000_001])('has the own one alone without tenants: %s', (own) => {
    expect(listApplications({}, own)).toEqual([own]);
  });
});

describe('requireOwnApplication()', () => {
  it('answers the one that is configured', () => {
    expect(requireOwnApplication({ tenants: TENANTS }, 7)).toBe(7);
    expect(requireOwnApplication({}, undefined)).toBeUndefined();
  });

  it('says what is missing where tenants have applications and the service has none', () => {
    const message = expect.stringContaining('must be set where there are tenants');
    const error = expect.objectContaining({ variables: ['VOD_SUB_APP_ID'], message });

    expect(() => requireOwnApplication({ tenants: TENANTS }, undefined)).toThrow(ConfigError);
    expect(() => requireOwnApplication({ tenants: TENANTS }, undefined)).toThrow(error);
  });
});
