import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SignedCall } from '../../../../../tools/local/emulator/api/signed-call.ts';
import { readTc3, verifyTc3 } from '../../../../../tools/local/emulator/api/tc3-signature.ts';

// The worked example of https://cloud.tencent.com/document/api/213/30654, with both keys that its editions show.
const TIMESTAMP = 1_551_113_065;
const BODY = String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`;
const EXAMPLES = [
  [
    'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    '72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
  ],
  [
    'Gu5t9xGARNpq86cd98joQYCN3*******',
    '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c',
  ],
] as const;
const [KEY, SIGNATURE] = EXAMPLES[0];

const call: SignedCall = {
  method: 'POST',
  hosts: ['cvm.tencentcloudapi.com'],
  paths: ['/'],
  query: '',
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'x-tc-timestamp': String(TIMESTAMP),
  },
  body: Buffer.from(BODY),
};

function authorize(signature: string, signedHeaders = 'content-type;host', service = 'cvm') {
  const scope = `AKIDexample/2019-02-25/${service}/tc3_request`;
  return `TC3-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

function verify(
  change: Partial<SignedCall> = {},
  signature: string = SIGNATURE,
  key: string = KEY,
): void {
  verifyTc3({ ...call, ...change }, readTc3(authorize(signature)), key, TIMESTAMP);
}

const failure = (code: string) => expect.objectContaining({ code });

describe('verifyTc3()', () => {
  it.each(EXAMPLES)('accepts the published example with the key %s', (key, signature) => {
    expect(() => verifyTc3(call, readTc3(authorize(signature)), key, TIMESTAMP)).not.toThrow();
  });

  it.each([
    ['another method', { method: 'GET' }],
    ['another host', { hosts: ['vod.tencentcloudapi.com'] }],
    ['another path', { paths: ['/other'] }],
    ['a query', { query: 'a=1' }],
    ['another body', { body: Buffer.from(`${BODY} `) }],
    ['another content type', { headers: { ...call.headers, 'content-type': 'text/plain' } }],
  ] as const)('refuses %s', (_name, change) => {
    expect(() => verify(change)).toThrow(failure('AuthFailure.SignatureFailure'));
  });

  it('refuses another key and a wrong signature', () => {
    expect(() => verify({}, SIGNATURE, 'x')).toThrow(failure('AuthFailure.SignatureFailure'));
    expect(() => verify({}, '0'.repeat(64))).toThrow(failure('AuthFailure.SignatureFailure'));
  });

  it('accepts any of the hosts and paths that a client may use', () => {
    expect(() =>
      verify({ hosts: ['localhost', 'cvm.tencentcloudapi.com'], paths: ['/__vod/x/', '/'] }),
    ).not.toThrow();
  });

  it.each([
    [-300, true],
    [300, true],
    [-301, false],
    [301, false],
  ])('with a clock %i seconds off, accepts the signature: %s', (off, taken) => {
    const check = () => verifyTc3(call, readTc3(authorize(SIGNATURE)), KEY, TIMESTAMP + off);

    if (taken) expect(check).not.toThrow();
    else expect(check).toThrow(failure('AuthFailure.SignatureExpire'));
  });

  it('refuses a date that does not match the timestamp', () => {
    const signature = { ...readTc3(authorize(SIGNATURE)), date: '2019-02-26' };

    expect(() => verifyTc3(call, signature, KEY, TIMESTAMP)).toThrow(
      failure('AuthFailure.SignatureFailure'),
    );
  });

  it('accepts a service with a slash, as from an endpoint with a path', () => {
    const service = '127.0.0.1:3000/__vod/vod';
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const canonical = [
      'POST',
      '/',
      '',
      'content-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n',
      'content-type;host',
      hash(BODY),
    ].join('\n');
    const scope = `2019-02-25/${service}/tc3_request`;
    const text = `TC3-HMAC-SHA256\n${TIMESTAMP}\n${scope}\n${hash(canonical)}`;
    const hmac = (key: string | Buffer, data: string) =>
      createHmac('sha256', key).update(data).digest();
    const signing = hmac(hmac(hmac(`TC3${KEY}`, '2019-02-25'), service), 'tc3_request');
    const signature = hmac(signing, text).toString('hex');

    const read = readTc3(authorize(signature, 'content-type;host', service));

    expect(() => verifyTc3(call, read, KEY, TIMESTAMP)).not.toThrow();
  });
});

describe('readTc3()', () => {
  it('returns the parts of the header', () => {
    expect(readTc3(authorize(SIGNATURE, 'content-type;host;x-tc-action'))).toEqual({
      secretId: 'AKIDexample',
      date: '2019-02-25',
      service: 'cvm',
      signedHeaders: ['content-type', 'host', 'x-tc-action'],
      signature: SIGNATURE,
    });
  });

  it.each([
    undefined,
    '',
    'SKIP',
    'Bearer abc',
    authorize('short'),
    authorize(SIGNATURE, 'host'),
    authorize(SIGNATURE).replace('tc3_request', 'aws4_request'),
    authorize(SIGNATURE).replace('2019-02-25', 'today'),
  ])('refuses %s', (authorization) => {
    expect(() => readTc3(authorization)).toThrow(failure('AuthFailure.InvalidAuthorization'));
  });
});
