import { describe, expect, it } from 'vitest';
import {
  decodeSourceContext,
  deriveContextKey,
  encodeSourceContext,
} from '../../../lib/model/source-context.ts';

// A source context that is stored or in VOD while a new version is deployed must stay readable. The expected values
// were computed with Python's hashlib and hmac from the descriptions in lib/model, not by this code.

describe('a source context of an earlier version', () => {
  const envelope = {
    uploadId: '01ARYZ6S41TSV4RRFFQ69G5FAV',
    owner: 'user-42',
    method: 'pull',
    limits: { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['mp4'] },
    mediaExpireTime: 1_800_000_000,
  } as const;
  const head =
    '{"vu":2,"i":"01ARYZ6S41TSV4RRFFQ69G5FAV","o":"user-42","m":"p","b":1000,"s":60,"t":["mp4"],"x":1800000000,"c":"order-7"';
  const key = deriveContextKey('context-key-example');

  it.each([
    [1_500_000_001, '5K86TFwiRZ-K_9l3'],
    [undefined, 'xYCeokwwSgoYecvc'],
  ])('is encoded and decoded unchanged (application %s)', (subAppId, mac) => {
    const written = `${head},"a":"${mac}"}`;
    const verifier = { keys: [key], subAppIds: [subAppId], acceptsV1: false } as const;

    expect(encodeSourceContext(envelope, 'order-7', { key, subAppId })).toBe(written);
    expect(decodeSourceContext(written, verifier)).toEqual({ envelope, sourceContext: 'order-7' });
  });
});
