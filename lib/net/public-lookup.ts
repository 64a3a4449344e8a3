import { lookup as lookupHost } from 'node:dns';
import { isIPv6, type LookupFunction } from 'node:net';
import { explainHost } from '../validation/public-url.ts';

/** `code` of the error for a connection to a name whose address is not public. */
const PRIVATE_ADDRESS = 'EPRIVATE';

/**
 * Returns a lookup that fails for names with an address that is not on the public internet.
 *
 * A name is looked up again for every connection, so a check before it would not be about the address that is connected
 * to:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#server-side-request-forgery-ssrf
 */
export function createPublicLookup(lookup: LookupFunction = lookupHost): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, found, family) => {
      if (error !== null) return callback(error, found, family);
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      if (addresses.length > 0 && addresses.every(isPublic)) return callback(null, found, family);
      const refusal = new Error('The name has an address that is not public.');
      callback(Object.assign(refusal, { code: PRIVATE_ADDRESS }), '', 0);
    });
  };
}

function isPublic(address: string): boolean {
  return explainHost(isIPv6(address) ? `[${address}]` : address) === undefined;
}
