import { describe, expect, it } from 'vitest';
import { parseReplayRequest } from '../../../lib/uploads/upload-query.ts';
import { parsePullRequest } from '../../../lib/validation/pull-request.ts';
import { parseSignatureRequest } from '../../../lib/validation/signature-request.ts';

const NOW = 1_800_000_000;
const MEDIA = 'https://media.example.com/film.mp4';

const sign = (body: unknown) => parseSignatureRequest(body, NOW, () => false);
const pull = (body: unknown) => parsePullRequest(body, { nowSeconds: NOW, policy: {} });

/** Every optional field, as a program sends it that has no value for any. */
const NO_SIGNATURE_FIELD = {
  ...{ classId: null, procedure: null, taskPriority: null, taskNotifyMode: null },
  ...{ sourceContext: null, sessionContext: null, storageRegion: null, oneTimeValid: null },
  ...{ expiresIn: null, uploadId: null, mediaExpireTime: null, limits: null },
};
const NO_PULL_FIELD = {
  ...{ mediaType: null, mediaName: null, coverUrl: null, procedure: null, expireTime: null },
  ...{ storageRegion: null, classId: null, tasksPriority: null, sessionContext: null },
  ...{ sourceContext: null, mediaStoragePath: null, limits: null, idempotencyKey: null },
};
const NO_LIMIT = { maxBytes: null, maxSeconds: null, mediaTypes: null };

describe('a field that is null', () => {
  it('counts as absent', () => {
    expect(sign(NO_SIGNATURE_FIELD)).toEqual({});
    expect(pull({ mediaUrl: MEDIA, ...NO_PULL_FIELD })).toEqual(pull({ mediaUrl: MEDIA }));
    expect(pull({ mediaUrl: MEDIA, items: null })).toEqual(pull({ mediaUrl: MEDIA }));
    expect(parseReplayRequest({ eventId: null, endpoint: null })).toEqual({});
    expect(parseReplayRequest({ eventId: 'e', endpoint: null })).toEqual({ eventId: 'e' });
  });

  it('counts as absent in nested objects', () => {
    const limits = { ...NO_LIMIT, maxBytes: 5 };

    expect(sign({ limits })).toEqual({ limits: { maxBytes: 5 } });
    expect(sign({ limits: NO_LIMIT })).toEqual({ limits: {} });
    expect(pull({ mediaUrl: MEDIA, limits })).toEqual(
      pull({ mediaUrl: MEDIA, limits: { maxBytes: 5 } }),
    );
  });

  it('counts as absent in a batch and its items', () => {
    const items = [{ mediaUrl: MEDIA, ...NO_PULL_FIELD, limits: NO_LIMIT }];

    expect(pull({ items, mediaUrl: null, ...NO_PULL_FIELD })).toEqual(
      pull({ items: [{ mediaUrl: MEDIA, limits: {} }] }),
    );
  });

  it('is missing if it is required', () => {
    const missing = { errors: [{ path: 'mediaUrl', message: 'must be given' }] };

    expect(() => pull({ mediaUrl: null })).toThrow(expect.objectContaining(missing));
    expect(() => pull({ items: null })).toThrow(expect.objectContaining(missing));
    expect(pull({ items: [{ mediaUrl: null }] })).toMatchObject({
      items: [{ refusal: { errors: [{ path: 'items.0.mediaUrl', message: 'must be given' }] } }],
    });
  });

  it('is still reported if its name is unknown', () => {
    expect(() => sign({ clasId: null })).toThrow('"clasId" is not a field here');
    expect(() => sign({ limits: { maxByte: null } })).toThrow('"limits.maxByte" is not a field');
    expect(() => pull({ mediaUrl: MEDIA, mediaUri: null })).toThrow('"mediaUri" is not a field');
    expect(() => pull({ items: [{ mediaUrl: MEDIA }], item: null })).toThrow('"item" is not');
    expect(() => parseReplayRequest({ event: null })).toThrow('"event" is not a field here');
  });

  it('is refused as an item of a list', () => {
    expect(() => sign({ limits: { mediaTypes: ['mp4', null] } })).toThrow('limits.mediaTypes.1');
    expect(pull({ items: [null, { mediaUrl: MEDIA }] })).toMatchObject({
      items: [{ refusal: { errors: [{ path: 'items.0', message: 'must be a JSON object' }] } }, {}],
    });
  });

  it('differs from the text null', () => {
    expect(sign({ sourceContext: '{"a":null}', sessionContext: 'null' })).toEqual({
      sourceContext: '{"a":null}',
      sessionContext: 'null',
    });
  });
});
