import { describe, expect, it } from 'vitest';
import type { SignedCall } from '../../../../../tools/local/emulator/api/signed-call.ts';
import { verifyV1 } from '../../../../../tools/local/emulator/api/v1-signature.ts';

// The worked example of https://cloud.tencent.com/document/api/213/30654 for the older signature.
const NOW = 1_465_185_768;
const KEY = 'Gu5t9xGARNpq86cd98joQYCN3*******';
const FIELDS = {
  Action: 'DescribeInstances',
  'InstanceIds.0': 'ins-09dx96dg',
  Limit: '20',
  Nonce: '11886',
  Offset: '0',
  Region: 'ap-guangzhou',
  SecretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******',
  Timestamp: String(NOW),
  Version: '2017-03-12',
  Signature: 'zmmjn35mikh6pM3V7sUEuX4wyYM=',
};
const call: SignedCall = {
  method: 'GET',
  hosts: ['cvm.tencentcloudapi.com'],
  paths: ['/'],
  query: '',
  headers: {},
  body: Buffer.alloc(0),
};

function verify(change: Record<string, string> = {}, now = NOW, changed = call): void {
  verifyV1(changed, new Map(Object.entries({ ...FIELDS, ...change })), KEY, now);
}

const failure = (code: string) => expect.objectContaining({ code });

describe('verifyV1()', () => {
  it('accepts the published example, with its parameters in any order', () => {
    const reversed = new Map(Object.entries(FIELDS).reverse());

    expect(() => verify()).not.toThrow();
    expect(() => verifyV1(call, reversed, KEY, NOW)).not.toThrow();
  });

  it.each([
    ['another value', { Limit: '21' }],
    ['an additional parameter', { Extra: '' }],
    ['another digest', { SignatureMethod: 'HmacSHA256' }],
    ['an unknown digest', { SignatureMethod: 'MD5' }],
  ])('refuses %s', (_name, change) => {
    expect(() => verify(change)).toThrow(failure('AuthFailure.SignatureFailure'));
  });

  it('refuses another host and another method', () => {
    const code = failure('AuthFailure.SignatureFailure');

    expect(() => verify({}, NOW, { ...call, hosts: ['vod.tencentcloudapi.com'] })).toThrow(code);
    expect(() => verify({}, NOW, { ...call, method: 'POST' })).toThrow(code);
  });

  it('refuses a clock more than five minutes off', () => {
    expect(() => verify({}, NOW + 300)).not.toThrow();
    expect(() => verify({}, NOW + 301)).toThrow(failure('AuthFailure.SignatureExpire'));
    expect(() => verify({}, NOW - 301)).toThrow(failure('AuthFailure.SignatureExpire'));
  });

  it('names missing parameters', () => {
    const { Nonce: _nonce, ...rest } = FIELDS;

    expect(() => verifyV1(call, new Map(Object.entries(rest)), KEY, NOW)).toThrow('Nonce');
  });
});
