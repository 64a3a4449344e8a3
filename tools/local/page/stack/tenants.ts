/** The tenants of the service: the claim of a token that names one, and the application of each. */
export interface Tenants {
  readonly claim: string;
  readonly subAppIds: Readonly<Record<string, number>>;
}

/** Returns their names; none where the service has no tenants. */
export function listTenants(tenants: Tenants | undefined): readonly string[] {
  return Object.keys(tenants?.subAppIds ?? {});
}

/** Returns `name` where it is a tenant's, else the first tenant's; empty where there are none. */
export function pickTenant(tenants: Tenants | undefined, name: string): string {
  const names = listTenants(tenants);
  return names.includes(name) ? name : (names[0] ?? '');
}

/** Returns the claims that make a token one of the tenant that {@link pickTenant} picks. */
export function claimTenant(
  tenants: Tenants | undefined,
  name: string,
): Readonly<Record<string, string>> {
  const picked = pickTenant(tenants, name);
  return tenants === undefined || picked === '' ? {} : { [tenants.claim]: picked };
}
