import fc from 'fast-check';
import { expect, it } from 'vitest';
import { signCosRequest } from '../../../lib/signing/cos-signature.ts';
import {
  readCosSignature,
  verifyCosSignature,
} from '../../../tools/local/emulator/storage/cos-signature.ts';

const KEY = { secretId: 'AKIDexample', secretKey: 'secret-key-example' };
const NOW = Date.parse('2026-01-01T00:00:00Z');

/** Names that differ in more than case, as those of queries and headers do. */
const fields = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-zA-Z-]{1,12}$/), fc.string()), {
  maxLength: 4,
  selector: ([name]) => name.toLowerCase(),
});

it('signs any path, parameters and headers as the emulator reads the documents', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('get', 'head', 'put', 'post', 'delete'),
      fc.string(),
      fields,
      fields,
      (method, path, parameters, headers) => {
        const request = { method, path: `/${path}` } as const;
        const authorization = signCosRequest(
          {
            ...request,
            parameters: Object.fromEntries(parameters),
            headers: Object.fromEntries(headers),
          },
          KEY,
          NOW,
        );
        const signature = readCosSignature(authorization, []);
        if (signature === undefined) throw new Error('It is no signature.');
        const lowered = headers.map(([name, value]) => [name.toLowerCase(), value]);
        verifyCosSignature(
          { ...request, query: parameters, headers: Object.fromEntries(lowered), hosts: [''] },
          signature,
          KEY.secretKey,
          NOW / 1_000,
        );
        expect(signature.secretId).toBe(KEY.secretId);
      },
    ),
  );
});
