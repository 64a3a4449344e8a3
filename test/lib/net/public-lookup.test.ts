import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createPublicLookup } from '../../../lib/net/public-lookup.ts';

describe('createPublicLookup()', () => {
  function ask(lookup: LookupFunction, all: boolean): Promise<unknown> {
    return new Promise((resolve) => {
      createPublicLookup(lookup)('hooks.example.com', { all }, (error, found) =>
        resolve(error === null ? found : error.code),
      );
    });
  }

  it('returns public addresses in the requested form', async () => {
    const two = [
      { address: '93.184.215.14', family: 4 },
      { address: '2606:2800:21f::1', family: 6 },
    ];

    expect(await ask((_host, _options, callback) => callback(null, two), true)).toEqual(two);
    expect(await ask((_host, _options, callback) => callback(null, '8.8.8.8', 4), false)).toBe(
      '8.8.8.8',
    );
  });

  it('fails for a private address, for no address, and where the lookup fails', async () => {
    const notFound = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });

    expect(await ask((_h, _o, callback) => callback(null, '10.1.2.3', 4), false)).toBe('EPRIVATE');
    expect(await ask((_h, _o, callback) => callback(null, []), true)).toBe('EPRIVATE');
    expect(await ask((_h, _o, callback) => callback(notFound, ''), false)).toBe('ENOTFOUND');
  });
});
