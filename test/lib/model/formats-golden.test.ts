import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeSourceContext, encodeSourceContext } from '../../../lib/model/source-context.ts';
import { deriveContextKey } from '../../../lib/model/source-context-mac.ts';
import {
  createUploadId,
  deriveFileUploadId,
  deriveUploadId,
  deriveUploadIdKey,
  isUploadIdOf,
} from '../../../lib/model/upload-id.ts';

// What is stored, or on its way while a new version is deployed, has to be known by it. Expected values come of Python's
// hashlib and hmac, by the descriptions in lib/model, and not of the code itself.

describe('upload ids of earlier versions', () => {
  const key = deriveUploadIdKey(createSecretKey(Buffer.from('key-example')));

  it('are bound to their owners in the same way', () => {
    const uploadId = '01ARYZ6S4128T5CY4TAT1W937C';

    expect(key).toBe('7e8d16e7d63be96d78253400744c0350363bb48cdd4d54f03a80901c28dab38f');
    expect(createUploadId('user-42', key, 1_469_918_176_385, 0x12_3456_789a)).toBe(uploadId);
    expect(isUploadIdOf('user-42', key, uploadId)).toBe(true);
  });

  it('come of the same idempotency keys and files', () => {
    expect(deriveUploadId('owner', 'key')).toBe('5JWCMZ73S7BCTBD67ACMZ6MYQW');
    expect(deriveFileUploadId('5285890784246869930')).toBe('7VQBPWV5HM79MWJAR8KPTE083N');
    expect(deriveUploadId('', '5285890784246869930')).not.toBe('7VQBPWV5HM79MWJAR8KPTE083N');
  });
});

describe('a source context of an earlier version', () => {
  const envelope = {
    uploadId: '01ARYZ6S41TSV4RRFFQ69G5FAV',
    owner: 'user-42',
    method: 'pull',
    limits: { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['mp4'] },
    mediaExpireTime: 1_800_000_000,
  } as const;
  const written =
    '{"vu":2,"i":"01ARYZ6S41TSV4RRFFQ69G5FAV","o":"user-42","m":"p","b":1000,"s":60,"t":["mp4"],"x":1800000000,"c":"order-7","a":"5K86TFwiRZ-K_9l3"}';
  const key = deriveContextKey('context-key-example');

  it('is written and read in the same way', () => {
    const signer = { key, subAppId: 1_500_000_001 };

    expect(encodeSourceContext(envelope, 'order-7', signer)).toBe(written);
    expect(
      decodeSourceContext(written, {
        keys: [key],
        subAppIds: [1_500_000_001],
        acceptsV1: false,
      }),
    ).toEqual({ envelope, sourceContext: 'order-7' });
  });
});
