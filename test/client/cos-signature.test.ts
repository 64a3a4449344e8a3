import fc from 'fast-check';
import { expect, it } from 'vitest';
import { signCosRequest as signForUpload } from '../../client/put/cos-signature.ts';
import { signCosRequest } from '../../lib/signing/cos-signature.ts';

const texts = fc.dictionary(fc.stringMatching(/^[a-z-]{1,9}$/), fc.string());

it('the package, which imports nothing of the service, signs as the service does', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('get', 'put', 'post', 'delete', 'head'),
      fc.string(),
      texts,
      texts,
      fc.nat(),
      (method, path, parameters, headers, now) => {
        const request = { method, path: `/${path}`, parameters, headers } as const;
        const key = { secretId: 'id', secretKey: 'key' };

        expect(signForUpload(request, key, now)).toBe(signCosRequest(request, key, now));
      },
    ),
  );
});
