import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createUploadId,
  deriveFileUploadId,
  deriveUploadId,
  deriveUploadIdKey,
  isUploadIdBefore,
  isUploadIdOf,
  nameUploader,
  UPLOAD_ID_RANDOM_RANGE,
} from '../../../lib/model/upload-id.ts';

const KEY = deriveUploadIdKey(createSecretKey(Buffer.from('key-example')));
const OTHER_KEY = deriveUploadIdKey(createSecretKey(Buffer.from('another-key-example')));

const anyTime = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const anyRandom = fc.integer({ min: 0, max: UPLOAD_ID_RANDOM_RANGE - 1 });

describe('createUploadId()', () => {
  it('creates a ULID of the given time', () => {
    // The time and its ten digits are those of the reference implementation's own test: https://github.com/ulid/javascript.
    expect(createUploadId('owner', KEY, 1469918176385, 0)).toMatch(
      /^01ARYZ6S4100000000[0-9A-HJKMNP-TV-Z]{8}$/,
    );
  });

  it('sorts by time', () => {
    fc.assert(
      fc.property(anyTime, anyTime, anyRandom, (a, b, random) => {
        fc.pre(a !== b);
        const [first, second] = [
          createUploadId('o', KEY, a, random),
          createUploadId('o', KEY, b, random),
        ];
        expect(first < second).toBe(a < b);
      }),
    );
  });
});

describe('isUploadIdBefore()', () => {
  it('returns whether an id was created before a time', () => {
    fc.assert(
      fc.property(anyTime, anyRandom, anyTime, (time, random, other) => {
        const uploadId = createUploadId('o', KEY, time, random);

        expect(isUploadIdBefore(uploadId, time)).toBe(false);
        expect(isUploadIdBefore(uploadId, other)).toBe(time < other);
      }),
    );
  });
});

describe('nameUploader()', () => {
  it('names the same owner differently for each tenant, and by the owner alone without tenants', () => {
    expect(nameUploader('ann', undefined)).toBe('ann');
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), fc.nat(), (one, other, first, second) => {
        fc.pre(one !== other || first !== second);
        expect(nameUploader(one, first)).not.toBe(nameUploader(other, second));
      }),
    );
  });
});

describe('isUploadIdOf()', () => {
  it('is true for the owner of an id and false for any other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), anyTime, anyRandom, (owner, other, time, random) => {
        fc.pre(owner !== other);
        const uploadId = createUploadId(owner, KEY, time, random);

        expect(isUploadIdOf(owner, KEY, uploadId)).toBe(true);
        expect(isUploadIdOf(other, KEY, uploadId)).toBe(false);
        expect(isUploadIdOf(owner, OTHER_KEY, uploadId)).toBe(false);
      }),
    );
  });

  it('refuses an id with any one character changed', () => {
    const uploadId = createUploadId('owner', KEY, 1_700_000_000_000, 12_345);
    for (let i = 0; i < uploadId.length; i += 1) {
      const changed =
        uploadId.slice(0, i) + (uploadId[i] === '7' ? '6' : '7') + uploadId.slice(i + 1);
      expect(isUploadIdOf('owner', KEY, changed)).toBe(false);
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (uploadId) => {
        expect(isUploadIdOf('owner', KEY, uploadId)).toBe(false);
      }),
    );
  });
});

describe('deriveUploadId()', () => {
  it('returns one ULID per owner and key', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string(),
        fc.string(),
        (owner, key, other, another) => {
          fc.pre(owner !== other || key !== another);

          expect(deriveUploadId(owner, key)).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
          expect(deriveUploadId(owner, key)).toBe(deriveUploadId(owner, key));
          expect(deriveUploadId(owner, key)).not.toBe(deriveUploadId(other, another));
        },
      ),
    );
  });

  it('distinguishes where the owner ends and the key begins', () => {
    expect(deriveUploadId('a', 'bc')).not.toBe(deriveUploadId('ab', 'c'));
    expect(deriveUploadId('a"', 'b')).not.toBe(deriveUploadId('a', '"b'));
  });
});

/**
 * Ids are stored here and in VOD for months. These were computed separately, with Python's hmac and hashlib, from the
 * formats of lib/model/upload-id.ts: a change of them changes every id.
 */
describe('the format of ids', () => {
  it('is stable for ids that are created at random', () => {
    expect(createUploadId('owner', KEY, 1_469_918_176_385, 0x12_3456_789a)).toBe(
      '01ARYZ6S4128T5CY4T85VRK3SY',
    );
  });

  it('is stable for ids that are derived from an idempotency key or a file', () => {
    expect(deriveUploadId('owner', 'key')).toBe('5JWCMZ73S7BCTBD67ACMZ6MYQW');
    expect(deriveFileUploadId('5285890784273533167')).toBe('25BCZWYT4Z58WF37076VTR30BJ');
    expect(deriveFileUploadId('5285890784273533167')).not.toBe(
      deriveUploadId('', '5285890784273533167'),
    );
  });
});
