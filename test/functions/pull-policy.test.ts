import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RepeatablePullUpload } from '../../lib/vod/client.ts';
import { captureLog } from '../support/capture-log.ts';
import { settingsOf } from '../support/settings.ts';
import { decodeContext } from '../support/source-contexts.ts';
import { accept, openPull } from './pull-stage.ts';

const MEDIA = 'https://media.example.com/film.mp4';
const KEY = 'migration-key-0123456789';
const KEYS = [
  {
    name: 'migration',
    sha256: createHash('sha256').update(KEY).digest('hex'),
    scopes: ['upload:pull'],
  },
];

let sent: RepeatablePullUpload[];
let asked: number;
const log = captureLog();

beforeEach(() => {
  sent = [];
  asked = 0;
});

/** Opens the function with settings; the test controls VOD's side of the client. */
function load(settings: object) {
  const ask = openPull({
    ...{ settings: settingsOf(settings), environment: { AUTH: 'keys' } },
    api: {
      pullUpload: (request) => {
        sent.push(request);
        return accept(request);
      },
      describeStorageRegions: async () => {
        asked += 1;
        return { StorageRegionInfos: [{ Region: 'ap-seoul', Status: 'opened' }] };
      },
    },
  });
  return (body: object, headers: Readonly<Record<string, string>> = {}) =>
    ask({ headers: { authorization: `Bearer ${KEY}`, ...headers }, body });
}

describe('POST /pull with a policy', () => {
  it('fills in what the request leaves out', async () => {
    const ask = load({
      keys: KEYS,
      policy: {
        profiles: { server: { regions: ['ap-seoul'], classIds: [7], maxBytes: 10 } },
        select: [{ profile: 'server', key: 'migration' }],
      },
    });

    const { statusCode } = await ask({ mediaUrl: MEDIA });

    expect(statusCode).toBe(202);
    expect(sent).toMatchObject([{ ClassId: 7, StorageRegion: 'ap-seoul' }]);
    expect(decodeContext(sent[0]?.SourceContext ?? '').envelope).toMatchObject({
      owner: 'migration',
      limits: { maxBytes: 10 },
    });
    // The region that the policy fills in must be enabled in VOD as well.
    expect(asked).toBe(1);
  });

  it('lists every rule that a denied request breaks, and sends nothing', async () => {
    const ask = load({
      keys: KEYS,
      policy: { profiles: { default: { classIds: [7], pullHosts: ['cdn.example.com'] } } },
    });

    const { statusCode, json } = await ask({ mediaUrl: `${MEDIA}?token=canary`, classId: 8 });

    expect(statusCode).toBe(403);
    expect(json).toMatchObject({
      status: 403,
      title: 'Forbidden',
      code: 'policy_denied',
      errors: [
        { path: 'classId', rule: 'classIds', message: 'must be 7' },
        { path: 'mediaUrl', rule: 'pullHosts', message: 'must be at cdn.example.com' },
      ],
    });
    expect(sent).toEqual([]);
    expect(log.text + JSON.stringify(json)).not.toContain('canary');
    expect(log.line).toMatchObject({
      level: 'warn',
      code: 'policy_denied',
      owner: 'migration',
      fields: ['classId', 'mediaUrl'],
    });
  });

  it('denies one item of a batch and sends the others', async () => {
    const ask = load({ keys: KEYS, policy: { profiles: { default: { classIds: [7] } } } });

    const { statusCode, json } = await ask({
      items: [{ mediaUrl: MEDIA, classId: 8 }, { mediaUrl: MEDIA }, { mediaUrl: 'ftp://x' }],
    });

    expect(statusCode).toBe(202);
    expect(json.items).toMatchObject([
      {
        problem: {
          code: 'policy_denied',
          status: 403,
          errors: [{ path: 'items.0.classId', rule: 'classIds', message: 'must be 7' }],
        },
      },
      { taskId: expect.any(String) },
      { problem: { code: 'invalid_request', errors: [{ path: 'items.2.mediaUrl' }] } },
    ]);
    expect(sent).toMatchObject([{ ClassId: 7 }]);
  });

  it('compares requests with the same key as the caller sent them, not as they were filled in', async () => {
    const ask = load({ keys: KEYS, policy: { profiles: { default: { classIds: [7] } } } });
    const headers = { 'idempotency-key': 'k1' };

    const first = await ask({ mediaUrl: MEDIA }, headers);
    const again = await ask({ mediaUrl: MEDIA }, headers);
    const other = await ask({ mediaUrl: MEDIA, classId: 7 }, headers);

    expect(again.json).toEqual(first.json);
    expect(other.json).toMatchObject({ status: 409, code: 'idempotency_conflict' });
    expect(sent).toHaveLength(1);
  });
});
