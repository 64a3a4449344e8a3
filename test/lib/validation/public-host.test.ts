import { expect, it } from 'vitest';
import { explainHost } from '../../../lib/validation/public-url.ts';

// Texts that URL parsers never return but a resolver may.
it.each(['999.1.1.1', '1.1.1.256', '[zz]', '[]', '[1::2::3]'])(
  'does not accept %s as an address',
  (host) => {
    expect(explainHost(host)).toBe(
      `must have a host on the public internet; ${host} is not a globally routable address`,
    );
  },
);

it('does not accept a name that ends in an address', () => {
  expect(explainHost('a.8.8.8.8')).toMatch(/^must have a host name of at most 253 characters/);
});

it.each(['8.8.8.8', '[2606:2800:21f::1]', 'media.example.com'])('accepts %s', (host) => {
  expect(explainHost(host)).toBeUndefined();
});
