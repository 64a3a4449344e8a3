import { expect, test } from 'vitest';
import {
  claimTenant,
  listTenants,
  pickTenant,
} from '../../../../../tools/local/page/stack/tenants.ts';

const tenants = { claim: 'org', subAppIds: { acme: 2, globex: 3 } };

test('listTenants() returns their names, or none if there are no tenants', () => {
  expect(listTenants(tenants)).toEqual(['acme', 'globex']);
  expect(listTenants(undefined)).toEqual([]);
});

test('pickTenant() returns the named tenant, or else the first', () => {
  expect(pickTenant(tenants, 'globex')).toBe('globex');
  expect(pickTenant(tenants, '')).toBe('acme');
  expect(pickTenant(tenants, 'initech')).toBe('acme');
  expect(pickTenant(tenants, 'toString')).toBe('acme');
  expect(pickTenant({ claim: 'org', subAppIds: {} }, 'acme')).toBe('');
  expect(pickTenant(undefined, 'acme')).toBe('');
});

test('claimTenant() names the tenant in the claim of the service, if it has tenants', () => {
  expect(claimTenant(tenants, 'globex')).toEqual({ org: 'globex' });
  expect(claimTenant(tenants, '')).toEqual({ org: 'acme' });
  expect(claimTenant({ claim: 'org', subAppIds: {} }, 'acme')).toEqual({});
  expect(claimTenant(undefined, 'acme')).toEqual({});
});
