/** The tenants of the service: the token's claim with the tenant, and the application of each. */
export interface Tenants {
  readonly claim: string;
  readonly subAppIds: Readonly<Record<string, number>>;
}

/** Returns their names; none if the service has no tenants. */
export function listTenants(tenants: Tenants | undefined): readonly string[] {
  return Object.keys(tenants?.subAppIds ?? {});
}

/** Returns `name` if it is a tenant's, or else the first tenant's; empty if there are none. */
export function pickTenant(tenants: Tenants | undefined, name: string): string {
  const names = listTenants(tenants);
  return names.includes(name) ? name : (names[0] ?? '');
}

/** Returns the claims of a token for the tenant that {@link pickTenant} returns. */
export function claimTenant(
  tenants: Tenants | undefined,
  name: string,
): Readonly<Record<string, string>> {
  const picked = pickTenant(tenants, name);
  return tenants === undefined || picked === '' ? {} : { [tenants.claim]: picked };
}
