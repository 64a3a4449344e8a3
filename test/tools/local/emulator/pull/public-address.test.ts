import { describe, expect, it } from 'vitest';
import {
  isPublicAddress,
  lookupPublic,
} from '../../../../../tools/local/emulator/pull/public-address.ts';

describe('isPublicAddress()', () => {
  it.each(['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '2606:4700::1111'])(
    'returns true for %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'ff02::1',
    'localhost',
    '',
  ])('returns false for "%s"', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('lookupPublic()', () => {
  const look = (host: string, options: object) =>
    new Promise<unknown>((resolve) => {
      lookupPublic(host, options, (error, address) => resolve(error?.message ?? address));
    });

  it.each([{}, { all: true }])('refuses a name of this machine, with %j', async (options) => {
    expect(await look('localhost', options)).toContain('localhost points to');
  });

  it('returns a public address in the requested form', async () => {
    expect(await look('1.1.1.1', {})).toBe('1.1.1.1');
    expect(await look('1.1.1.1', { all: true })).toEqual([{ address: '1.1.1.1', family: 4 }]);
  });
});
