import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expectedCosSignature,
  readCosSignature,
  verifyCosSignature,
} from '../../../../../tools/local/emulator/storage/cos-signature.ts';
import { parseQuery } from '../../../../../tools/local/emulator/storage/uri-text.ts';

const HOST = 'b-1.cos.ap-chongqing.myqcloud.com';
const KEY_TIME = '1700000000;1700003600';
const AUTHORIZATION =
  `q-sign-algorithm=sha1&q-ak=AKIDtmp&q-sign-time=${KEY_TIME}&q-key-time=${KEY_TIME}` +
  '&q-header-list=content-length;host&q-url-param-list=partnumber;uploadid' +
  '&q-signature=3d2bd0e96f7515c9ab3fa8970aebd2fbc4bf76bc';

function vectorRequest() {
  return {
    method: 'PUT',
    path: '/vodlocal01/1/a b.mp4',
    query: parseQuery('partNumber=1&uploadId=U1'),
    headers: { 'content-length': '5' },
    hosts: [HOST, 'localhost:3000'],
  };
}

function vectorSignature(change = '') {
  const signature = readCosSignature(AUTHORIZATION + change, []);
  if (signature === undefined) throw new Error('expected a signature');
  return signature;
}

describe('expectedCosSignature', () => {
  test('computes the documented example', () => {
    expect(expectedCosSignature(vectorRequest(), vectorSignature(), 'tmpkey', HOST)).toBe(
      '3d2bd0e96f7515c9ab3fa8970aebd2fbc4bf76bc',
    );
  });
});

describe('verifyCosSignature', () => {
  const at = 1_700_000_100;

  test('accepts the documented example until its last second', () => {
    verifyCosSignature(vectorRequest(), vectorSignature(), 'tmpkey', at);
    verifyCosSignature(vectorRequest(), vectorSignature(), 'tmpkey', 1_700_003_600);
  });

  test('accepts any of the hosts that the client may have signed', () => {
    const request = { ...vectorRequest(), hosts: ['localhost:3000', HOST] };

    verifyCosSignature(request, vectorSignature(), 'tmpkey', at);
  });

  test.each([
    ['another method', { method: 'GET' }],
    ['another path', { path: '/vodlocal01/1/b.mp4' }],
    ['another part', { query: parseQuery('partNumber=2&uploadId=U1') }],
    ['a missing signed parameter', { query: parseQuery('partNumber=1') }],
    ['another length', { headers: { 'content-length': '6' } }],
    ['another host', { hosts: ['b-2.cos.ap-chongqing.myqcloud.com'] }],
  ])('refuses %s', (_what, change) => {
    const request = { ...vectorRequest(), ...change };

    expect(() => verifyCosSignature(request, vectorSignature(), 'tmpkey', at)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  });

  test('refuses another secret key, and never shows the correct signature', () => {
    expect(() => verifyCosSignature(vectorRequest(), vectorSignature(), 'wrong', at)).toThrow(
      expect.objectContaining({
        code: 'SignatureDoesNotMatch',
        message: expect.not.stringContaining('wrong'),
      }),
    );
  });

  test('refuses an expired signature with the text by which the SDK corrects its clock', () => {
    expect(() =>
      verifyCosSignature(vectorRequest(), vectorSignature(), 'tmpkey', 1_700_003_601),
    ).toThrow(expect.objectContaining({ code: 'AccessDenied', message: 'Request has expired' }));
  });

  test('tolerates a client clock that is 15 minutes ahead, and no more', () => {
    verifyCosSignature(vectorRequest(), vectorSignature(), 'tmpkey', 1_700_000_000 - 900);

    expect(() =>
      verifyCosSignature(vectorRequest(), vectorSignature(), 'tmpkey', 1_700_000_000 - 901),
    ).toThrow(expect.objectContaining({ code: 'RequestTimeTooSkewed' }));
  });

  test('refuses any other signature', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const signature = { ...vectorSignature(), signature: text };

        expect(() => verifyCosSignature(vectorRequest(), signature, 'tmpkey', at)).toThrow(
          expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
        );
      }),
    );
  });
});

describe('readCosSignature', () => {
  test('reads a signature from the query of a link', () => {
    const fromQuery = readCosSignature(undefined, parseQuery(AUTHORIZATION.replaceAll(';', '%3B')));

    expect(fromQuery).toEqual(vectorSignature());
  });

  test('returns undefined for a request without a signature', () => {
    expect(readCosSignature(undefined, parseQuery('uploads=&prefix=a'))).toBeUndefined();
    expect(readCosSignature('Bearer example', [])).toBeUndefined();
  });

  test('names the missing field', () => {
    expect(() => readCosSignature('q-sign-algorithm=sha1&q-ak=a', [])).toThrow(/q-sign-time/);
  });

  test('refuses another algorithm', () => {
    expect(() => readCosSignature(AUTHORIZATION.replace('sha1', 'md5'), [])).toThrow(/sha1/);
  });

  test('throws only refusals, for any input', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          readCosSignature(`q-sign-algorithm=${text}`, []);
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidArgument' });
        }
      }),
    );
  });
});
