import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/config-error.ts';
import { listApplications, requireOwnApplication } from '../../../lib/policy/applications.ts';

const TENANTS = {
  claim: 'tenant',
  subAppIds: { acme: 1_500_000_002, globex: 1_500_000_003, initech: 1_500_000_002 },
};

describe('listApplications()', () => {
  it("returns the service's own application first, and each other one once", () => {
    expect(listApplications({ tenants: TENANTS }, 1_500_000_001)).toEqual([
      1_500_000_001, 1_500_000_002, 1_500_000_003,
    ]);
  });

  it("returns the service's own application once if a tenant also uses it", () => {
    expect(listApplications({ tenants: TENANTS }, 1_500_000_003)).toEqual([
      1_500_000_003, 1_500_000_002,
    ]);
  });

  it.each([undefined, 1_500_000_001])(
    "returns the service's own application alone without tenants: %s",
    (own) => {
      expect(listApplications({}, own)).toEqual([own]);
    },
  );
});

describe('requireOwnApplication()', () => {
  it('returns the configured application', () => {
    expect(requireOwnApplication({ tenants: TENANTS }, 7)).toBe(7);
    expect(requireOwnApplication({}, undefined)).toBeUndefined();
  });

  it('explains what is missing if only tenants have applications', () => {
    const message = expect.stringContaining('must be set where there are tenants');
    const error = expect.objectContaining({ variables: ['VOD_SUB_APP_ID'], message });

    expect(() => requireOwnApplication({ tenants: TENANTS }, undefined)).toThrow(ConfigError);
    expect(() => requireOwnApplication({ tenants: TENANTS }, undefined)).toThrow(error);
  });
});
