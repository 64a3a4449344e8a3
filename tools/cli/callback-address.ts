import { APPLICATION_PARAMETER } from '../../lib/policy/applications.ts';

/**
 * Returns the address to which VOD reports about an application: the callback function at `url`. The query names a
 * tenant's application, since notifications do not name it.
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

/** Returns whether the callback function assigns what VOD reports to `url`, a valid URL, to this application. */
export function isAddressFor(url: string, tenantsApplication: number | undefined): boolean {
  const [first, ...others] = new URL(url).searchParams.getAll(APPLICATION_PARAMETER);
  return others.length === 0 && first === tenantsApplication?.toString();
}

/** Returns whether both texts are the same address. */
export function isSameUrl(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;
}

/** Returns whether both addresses are of the same function, for any application. */
export function isSameFunction(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && dropApplication(a) === dropApplication(b);
}

function dropApplication(url: string): string {
  const address = new URL(url);
  address.searchParams.delete(APPLICATION_PARAMETER);
  return address.href;
}
