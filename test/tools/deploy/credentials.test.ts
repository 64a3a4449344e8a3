import { describe, expect, it } from 'vitest';
import { readCredentials } from '../../../tools/deploy/credentials.ts';

const KEY = { TENCENT_SECRET_ID: 'id', TENCENT_SECRET_KEY: 'key' };
const LONG = { TENCENTCLOUD_SECRET_ID: 'long-id', TENCENTCLOUD_SECRET_KEY: 'long-key' };

describe('readCredentials()', () => {
  it.each([
    [KEY, { secretId: 'id', secretKey: 'key', token: undefined }],
    [
      { ...KEY, TENCENT_TOKEN: 't' },
      { secretId: 'id', secretKey: 'key', token: 't' },
    ],
    [LONG, { secretId: 'long-id', secretKey: 'long-key', token: undefined }],
    [
      { ...LONG, TENCENTCLOUD_TOKEN: 't' },
      { secretId: 'long-id', token: 't' },
    ],
    [{ ...LONG, TENCENTCLOUD_SESSION_TOKEN: 't' }, { token: 't' }],
    [{ ...LONG, TENCENTCLOUD_SECURITY_TOKEN: 't' }, { token: 't' }],
    [{ ...KEY, TENCENT_TOKEN: '' }, { token: undefined }],
  ])('reads credentials from %j', (environment, credentials) => {
    expect(readCredentials(environment)).toMatchObject(credentials);
  });

  it('uses only the token that belongs to the chosen key', () => {
    expect(readCredentials({ ...KEY, ...LONG, TENCENTCLOUD_TOKEN: 't' })).toEqual({
      secretId: 'id',
      secretKey: 'key',
      token: undefined,
    });
  });

  it.each([
    [{}, 'Credentials are missing: set TENCENT_SECRET_ID and TENCENT_SECRET_KEY'],
    [{ ...KEY, TENCENT_SECRET_KEY: '', TENCENT_SECRET_ID: '' }, 'Credentials are missing'],
    [{ TENCENT_SECRET_ID: 'id' }, 'TENCENT_SECRET_ID is set and TENCENT_SECRET_KEY is not'],
    [
      { ...LONG, TENCENTCLOUD_SECRET_ID: '' },
      'TENCENTCLOUD_SECRET_KEY is set and TENCENTCLOUD_SECRET_ID',
    ],
    [
      { ...LONG, TENCENT_SECRET_KEY: 'k' },
      'TENCENT_SECRET_KEY is set and TENCENT_SECRET_ID is not',
    ],
    [
      { TENCENT_SECRET_ID: 'id\n', TENCENT_SECRET_KEY: ' key', TENCENT_TOKEN: 't\u200b' },
      'TENCENT_SECRET_ID ends with a line break (U+000A); write it without; TENCENT_SECRET_KEY begins with a space (U+0020); write it without; TENCENT_TOKEN ends with an invisible character (U+200B); write it without.',
    ],
    [
      { ...LONG, TENCENTCLOUD_SECURITY_TOKEN: '"t"' },
      'TENCENTCLOUD_SECURITY_TOKEN is in quotation marks',
    ],
  ])('reports for %j what is missing or wrong', (environment, sentence) => {
    expect(() => readCredentials(environment)).toThrow(sentence);
  });
});
