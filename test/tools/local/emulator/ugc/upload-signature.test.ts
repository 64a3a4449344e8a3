import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localAccount } from '../../../../../tools/local/emulator/account.ts';
import {
  type UploadSignature,
  verifyUploadSignature,
} from '../../../../../tools/local/emulator/ugc/upload-signature.ts';
import { signFields, signText } from './upload-client.ts';

const NOW = 1_700_000_000;
const account = localAccount();
const required = {
  secretId: account.secretId,
  currentTimeStamp: NOW,
  expireTime: NOW + 3_600,
  random: 1,
};

function verifyFields(fields: Readonly<Record<string, string | number | undefined>>) {
  return verifyUploadSignature(signFields(account.secretKey, fields), account, () => NOW);
}

function verifyText(original: string) {
  return verifyUploadSignature(signText(account.secretKey, original), account, () => NOW);
}

describe('verifyUploadSignature() with signatures of other implementations', () => {
  const documented = { ...account, secretId: 'IamSecretId', secretKey: 'IamSecretKey' };

  it('reads a signature with every kind of field', () => {
    const example = { ...account, secretId: 'AKIDexample', secretKey: 'secretKeyExample' };
    const signature =
      'GtJ5js2EJ8Bd+fcK7a5P+f2s3OtzZWNyZXRJZD1BS0lEZXhhbXBsZSZjdXJyZW50VGltZVN0YW1wPTE3MDAwMDAwMDAmZXhwaXJlVGltZT0xNzAwMDAzNjAwJnJhbmRvbT00Mjk0OTY3Mjk1JmNsYXNzSWQ9NyZwcm9jZWR1cmU9TG9uZ1ZpZGVvUHJlc2V0Jm9uZVRpbWVWYWxpZD0xJnNvdXJjZUNvbnRleHQ9dXNlciUzRDE=';

    const verdict = verifyUploadSignature(signature, example, () => NOW);

    expect(verdict).toMatchObject({
      secretId: 'AKIDexample',
      currentTimeStamp: 1_700_000_000,
      expireTime: 1_700_003_600,
      random: 4_294_967_295,
      classId: 7,
      procedure: 'LongVideoPreset',
      oneTimeValid: true,
      sourceContext: 'user=1',
      sessionContext: null,
      storageRegion: null,
      taskPriority: 0,
      taskNotifyMode: 'Finish',
    });
  });

  it('reads the longest possible life, Korean text, and characters with a meaning in a query', () => {
    const signature =
      'KwRHv+J1uV9ftjytQdQb7IA2vv5zZWNyZXRJZD1JYW1TZWNyZXRJZCZjdXJyZW50VGltZVN0YW1wPTE1NzEyMTUwOTUmZXhwaXJlVGltZT0xNTc4OTkxMDk1JnJhbmRvbT0yMjA2MjUmY2xhc3NJZD0wJnByb2NlZHVyZT1teSUyMGZsb3cmc291cmNlQ29udGV4dD0lN0IlMjJ1JTIyJTNBJTIyJUVEJTk1JTlDJUVBJUI4JTgwJTIwJTI2JTIwJTNEJTJCJTJGJTIyJTJDJTIybiUyMiUzQTElN0Qmb25lVGltZVZhbGlkPTEmdm9kU3ViQXBwSWQ9MTUwMDAwMDAwMSZzdG9yYWdlUmVnaW9uPWFwLXNlb3Vs';

    const verdict = verifyUploadSignature(signature, documented, () => 1_571_215_095);

    expect(verdict).toMatchObject({
      procedure: 'my flow',
      sourceContext: '{"u":"한글 & =+/","n":1}',
      storageRegion: 'ap-seoul',
      expireTime: 1_578_991_095,
    });
  });

  it("refuses the ten-year life of the vendor's sample, but finds its digest correct", () => {
    const signature =
      'aG6ZX3aZf+6tg/yRDZdRSNtM39lzZWNyZXRJZD1JYW1TZWNyZXRJZCZjdXJyZW50VGltZVN0YW1wPTE1NzEyMTUwOTUmZXhwaXJlVGltZT0xODg2NTc1MDk1JnJhbmRvbT0yMjA2MjU=';

    const verdict = verifyUploadSignature(signature, documented, () => 1_571_215_095);

    expect(verdict).toEqual({
      code: 10004,
      message:
        'ugc upload | invalid signature: expireTime is more than 7776000 seconds after currentTimeStamp',
    });
  });
});

describe('verifyUploadSignature() accepts', () => {
  it.each([
    ['both forms of a space', 'procedure=a+b%20c', { procedure: 'a b c' }],
    ['an encoded plus', 'procedure=a%2Bb', { procedure: 'a+b' }],
    ['taskPriority -10', 'taskPriority=-10', { taskPriority: -10 }],
    ['taskPriority 10', 'taskPriority=10', { taskPriority: 10 }],
    ['taskNotifyMode Change', 'taskNotifyMode=Change', { taskNotifyMode: 'Change' }],
    ['taskNotifyMode None', 'taskNotifyMode=None', { taskNotifyMode: 'None' }],
    ['oneTimeValid 0', 'oneTimeValid=0', { oneTimeValid: false }],
    ['an empty vodSubAppId', 'vodSubAppId=', {}],
    ['vodSubAppId 0', 'vodSubAppId=0', {}],
    ['its own vodSubAppId', `vodSubAppId=${account.subAppId}`, {}],
    ['an opened region', 'storageRegion=ap-tokyo', { storageRegion: 'ap-tokyo' }],
    ['an empty context', 'sourceContext=', { sourceContext: null }],
    ['unknown fields', 'somethingElse=1', {}],
  ])('%s', (_name, field, expected) => {
    const text = `secretId=${account.secretId}&currentTimeStamp=${NOW}&expireTime=${NOW}&random=0`;

    const verdict = verifyText(`${text}&${field}`);

    expect(verdict).not.toHaveProperty('code');
    expect(verdict).toMatchObject(expected);
  });

  it('contexts of maximum length in bytes', () => {
    const sourceContext = `${'한'.repeat(83)}a`;
    const sessionContext = 'b'.repeat(1_000);

    expect(verifyFields({ ...required, sourceContext, sessionContext })).toMatchObject({
      sourceContext,
      sessionContext,
    });
  });

  it('a clock that is ten minutes fast', () => {
    const ahead = { currentTimeStamp: NOW + 600, expireTime: NOW + 601 };

    expect(verifyFields({ ...required, ...ahead })).not.toHaveProperty('code');
  });

  it('a life of exactly 90 days, until its last second', () => {
    const old = { currentTimeStamp: NOW - 7_776_000, expireTime: NOW };

    expect(verifyFields({ ...required, ...old })).not.toHaveProperty('code');
  });
});

describe('verifyUploadSignature() refuses', () => {
  it.each<[string, Record<string, string | number | undefined>, number, string]>([
    ['a missing secretId', { secretId: undefined }, 10004, 'secretId is missing'],
    ['an unknown secretId', { secretId: 'AKIDother' }, 10004, 'secretId AKIDother is not known'],
    [
      'a missing currentTimeStamp',
      { currentTimeStamp: undefined },
      10004,
      'currentTimeStamp is missing',
    ],
    ['fractions of a second', { currentTimeStamp: '1700000000.5' }, 10004, 'currentTimeStamp must'],
    ['a clock 601 seconds ahead', { currentTimeStamp: NOW + 601 }, 10004, '601 seconds ahead'],
    ['a missing expireTime', { expireTime: undefined }, 10004, 'expireTime is missing'],
    ['a fractional expireTime', { expireTime: '1700003600.1' }, 10004, 'expireTime must'],
    ['an expireTime in the past', { expireTime: NOW - 1 }, 10010, '1 seconds ago'],
    ['a life over 90 days', { expireTime: NOW + 7_776_001 }, 10004, 'more than 7776000 seconds'],
    ['a missing random', { random: undefined }, 10004, 'random is missing'],
    ['random above 32 bits', { random: 4_294_967_296 }, 10004, 'random must'],
    ['a negative random', { random: -1 }, 10004, 'random must'],
    ['a hexadecimal random', { random: '0x10' }, 10004, 'random must'],
    ['a random with leading zeroes', { random: '007' }, 10004, 'random must'],
    ['a classId that is a word', { classId: 'sport' }, 10004, 'classId must'],
    ['an empty classId', { classId: '' }, 10004, 'classId must'],
    ['taskPriority 11', { taskPriority: 11 }, 10004, 'taskPriority must'],
    ['taskPriority -11', { taskPriority: -11 }, 10004, 'taskPriority must'],
    ['another taskNotifyMode', { taskNotifyMode: 'finish' }, 10004, 'it is "finish"'],
    ['oneTimeValid 2', { oneTimeValid: 2 }, 10004, 'oneTimeValid must'],
    ['oneTimeValid true', { oneTimeValid: 'true' }, 10004, 'oneTimeValid must'],
    ['an unknown vodSubAppId', { vodSubAppId: 7 }, 10004, 'vodSubAppId 7 is not'],
    ['a closed region', { storageRegion: 'ap-mumbai' }, 10006, 'ap-mumbai is not opened'],
    ['a long sourceContext', { sourceContext: `${'한'.repeat(83)}ab` }, 10004, 'is 251 bytes long'],
    ['a long sessionContext', { sessionContext: 'b'.repeat(1_001) }, 10004, 'the limit is 1000'],
  ])('%s', (_name, change, code, detail) => {
    const verdict = verifyFields({ ...required, ...change });

    expect(verdict).toMatchObject({ code, message: expect.stringContaining(detail) });
  });

  it.each([
    ['an empty string', '', 'not one line of padded standard Base64'],
    ['url-safe Base64', 'ab_-', 'not one line of padded standard Base64'],
    ['missing padding', signText('k', 'a=b').slice(0, -1), 'Base64'],
    ['a line break', `${signFields(account.secretKey, required)}\n`, 'Base64'],
    ['a digest alone', Buffer.alloc(20).toString('base64'), 'nothing follows'],
    ['text that is not a query', signText(account.secretKey, 'hello'), 'not a query string'],
    ['a question mark', signText(account.secretKey, '?secretId=1&a=b'), 'secretId is missing'],
    ['a field twice', signText(account.secretKey, 'random=1&random=2'), 'random is there twice'],
    ['a bare percent sign', signText(account.secretKey, 'procedure=50%'), 'procedure is not url'],
    ['another secret key', signFields('another-key', required), 'the digest is not the one'],
  ])('%s', (_name, signature, detail) => {
    const verdict = verifyUploadSignature(signature, account, () => NOW);

    expect(verdict).toMatchObject({ code: 10004, message: expect.stringContaining(detail) });
  });

  it('text that was changed after signing', () => {
    const bytes = Buffer.from(signFields(account.secretKey, required), 'base64');
    const changed = Buffer.concat([bytes, Buffer.from('&classId=9')]).toString('base64');

    expect(verifyUploadSignature(changed, account, () => NOW)).toMatchObject({ code: 10004 });
  });
});

describe('verifyUploadSignature() with arbitrary input', () => {
  const verdictOf = (signature: string): UploadSignature | { code: number; message: string } =>
    verifyUploadSignature(signature, account, () => NOW);

  it('refuses every unsigned string, without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (signature) => {
        const verdict = verdictOf(signature);
        expect(verdict).toHaveProperty('code');
        expect(verdict).toHaveProperty('message');
      }),
    );
  });

  it('returns a result for every signed text, without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const signature = signText(
          account.secretKey,
          `secretId=${account.secretId}&currentTimeStamp=${NOW}&expireTime=${NOW}&random=1&${text}`,
        );
        expect(verdictOf(signature)).toBeTypeOf('object');
      }),
    );
  });

  it('returns every context of valid length unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (sourceContext) => {
        fc.pre(Buffer.byteLength(sourceContext) <= 250);
        expect(verifyFields({ ...required, sourceContext })).toMatchObject({ sourceContext });
      }),
    );
  });
});
