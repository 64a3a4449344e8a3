import { describe, expect, test } from 'vitest';
import { readSigv4, verifySigv4 } from '../../../../../tools/local/emulator/storage/sigv4.ts';
import { parseQuery } from '../../../../../tools/local/emulator/storage/uri-text.ts';

// Worked examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SCOPE = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const NOW = new Date('2013-05-24T00:00:00Z');

const EXAMPLES = [
  {
    name: 'GET Object with a range',
    method: 'GET',
    path: '/test.txt',
    query: '',
    headers: { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY_SHA256 },
    signed: 'host;range;x-amz-content-sha256;x-amz-date',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT Object with a key to encode',
    method: 'PUT',
    path: '/test$file.text',
    query: '',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    },
    signed: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'a parameter without value',
    method: 'GET',
    path: '/',
    query: 'lifecycle',
    headers: { 'x-amz-content-sha256': EMPTY_SHA256 },
    signed: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'several parameters',
    method: 'GET',
    path: '/',
    query: 'prefix=J&max-keys=2',
    headers: { 'x-amz-content-sha256': EMPTY_SHA256 },
    signed: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
];

function build(example: (typeof EXAMPLES)[number]) {
  const sigv4 = readSigv4(
    `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=${example.signed}, Signature=${example.signature}`,
  );
  if (sigv4 === undefined) throw new Error('expected a signature');
  const request = {
    method: example.method,
    path: example.path,
    query: parseQuery(example.query),
    headers: { ...example.headers, 'x-amz-date': '20130524T000000Z' },
    hosts: ['examplebucket.s3.amazonaws.com'],
  };
  return { request, sigv4 };
}

describe('verifySigv4', () => {
  test.each(EXAMPLES)('accepts the worked example "$name"', (example) => {
    const { request, sigv4 } = build(example);

    verifySigv4(request, sigv4, SECRET_KEY, 'us-east-1', NOW);
  });

  test.each(EXAMPLES)('refuses "$name" with another secret key, path or host', (example) => {
    const { request, sigv4 } = build(example);
    const mismatch = expect.objectContaining({ code: 'SignatureDoesNotMatch' });

    expect(() => verifySigv4(request, sigv4, 'other', 'us-east-1', NOW)).toThrow(mismatch);
    for (const change of [{ path: '/other' }, { hosts: ['other'] }, { method: 'POST' }]) {
      const changed = { ...request, ...change };
      expect(() => verifySigv4(changed, sigv4, SECRET_KEY, 'us-east-1', NOW)).toThrow(mismatch);
    }
  });

  test.each(EXAMPLES)('refuses "$name" for another payload', (example) => {
    const { request, sigv4 } = build(example);
    const headers = { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };

    expect(() => verifySigv4({ ...request, headers }, sigv4, SECRET_KEY, 'us-east-1', NOW)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  });

  test.each([
    ['2013-05-24T00:15:00Z', undefined],
    ['2013-05-23T23:45:00Z', undefined],
    ['2013-05-24T00:15:01Z', 'RequestTimeTooSkewed'],
    ['2013-05-23T23:44:59Z', 'RequestTimeTooSkewed'],
  ])('compares the clocks at %s', (now, code) => {
    const [example] = EXAMPLES;
    if (example === undefined) throw new Error('expected an example');
    const { request, sigv4 } = build(example);
    const verify = () => verifySigv4(request, sigv4, SECRET_KEY, 'us-east-1', new Date(now));

    if (code === undefined) verify();
    else expect(verify).toThrow(expect.objectContaining({ code }));
  });

  test('refuses the scope of another region', () => {
    const [example] = EXAMPLES;
    if (example === undefined) throw new Error('expected an example');
    const { request, sigv4 } = build(example);

    expect(() => verifySigv4(request, sigv4, SECRET_KEY, 'ap-seoul', NOW)).toThrow(/ap-seoul/);
  });
});

describe('readSigv4', () => {
  test('ignores authorizations of other kinds', () => {
    expect(readSigv4(undefined)).toBeUndefined();
    expect(readSigv4('q-sign-algorithm=sha1')).toBeUndefined();
  });

  test.each([
    ['empty fields', ''],
    ['a missing signature', `Credential=${SCOPE},SignedHeaders=host`],
    ['another service', `Credential=a/20130524/r/sqs/aws4_request,SignedHeaders=host,Signature=0`],
    ['an unsigned host', `Credential=${SCOPE},SignedHeaders=x-amz-date,Signature=0`],
  ])('refuses %s', (_what, fields) => {
    expect(() => readSigv4(`AWS4-HMAC-SHA256 ${fields}`)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    );
  });
});
