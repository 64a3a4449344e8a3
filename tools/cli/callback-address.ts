import { APPLICATION_PARAMETER } from '../../lib/policy/applications.ts';

/**
 * Returns where VOD reports about an application: to the callback function at `url`, which is told of a tenant's
 * application by the query, since notifications do not say where they are from.
 *
 * @param tenantsApplication undefined for the service's own, which has no such query.
 */
export function addressFor(url: string, tenantsApplication: number | undefined): string {
  const address = new URL(url);
  if (tenantsApplication !== undefined) {
    address.searchParams.append(APPLICATION_PARAMETER, String(tenantsApplication));
  }
  return address.href;
}

/** Returns whether what VOD reports to `url`, which is well-formed, is taken for this application's. */
export function isAddressFor(url: string, tenantsApplication: number | undefined): boolean {
  const [first, ...others] = new URL(url).searchParams.getAll(APPLICATION_PARAMETER);
  return others.length === 0 && first === tenantsApplication?.toString();
}

/** Returns whether both texts are the same address. */
export function isSameUrl(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;
}

/** Returns whether both addresses lead to the same function, for whichever application. */
export function isSameFunction(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && dropApplication(a) === dropApplication(b);
}

function dropApplication(url: string): string {
  const address = new URL(url);
  address.searchParams.delete(APPLICATION_PARAMETER);
  return address.href;
}
