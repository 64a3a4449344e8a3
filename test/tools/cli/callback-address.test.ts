import { describe, expect, it } from 'vitest';
import {
  addressFor,
  isAddressFor,
  isSameFunction,
  isSameUrl,
} from '../../../tools/cli/callback-address.ts';

const URL_OF = 'https://a.example.com/callback';

describe('addressFor()', () => {
  it.each([
    [undefined, URL_OF, URL_OF],
    [7, URL_OF, `${URL_OF}?subAppId=7`],
    [7, `${URL_OF}?a=1`, `${URL_OF}?a=1&subAppId=7`],
  ])('returns for the application %s at %s the address %s', (tenantsApplication, url, address) => {
    expect(addressFor(url, tenantsApplication)).toBe(address);
    expect(isAddressFor(address, tenantsApplication)).toBe(true);
    expect(isAddressFor(address, 8)).toBe(false);
  });
});

describe('addresses', () => {
  it.each([
    [URL_OF, 'HTTPS://A.example.com:443/callback', true, true],
    [URL_OF, `${URL_OF}?subAppId=7`, false, true],
    [`${URL_OF}?subAppId=8`, `${URL_OF}?subAppId=7`, false, true],
    [`${URL_OF}?a=1&subAppId=8`, `${URL_OF}?subAppId=7`, false, false],
    [URL_OF, 'https://b.example.com/callback?subAppId=7', false, false],
    ['', '', false, false],
  ])(
    '%s and %s are compared: same address %s, same except for subAppId %s',
    (a, b, isSame, isSameBut) => {
      expect(isSameUrl(a, b)).toBe(isSame);
      expect(isSameFunction(a, b)).toBe(isSameBut);
    },
  );
});
