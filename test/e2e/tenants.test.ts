import { describe, expect, it } from 'vitest';
import { createClock } from '../../tools/local/emulator/clock.ts';
import { buildVideo } from '../../tools/local/emulator/pull/sample-video.ts';
import { happens, seen } from '../support/activities.ts';
import { mediaByApplication } from './application-media.ts';
import { useBrowserStage } from './browser-stage.ts';
import { type Caller, openSdkPage } from './sdk-page.ts';

const OWN = 1_500_000_001;
const ACME = 1_500_000_002;
const GLOBEX = 1_500_000_003;
const TONE = 'http://samples.example.com/tone.wav';

const POLICY = {
  tenants: { claim: 'org', subAppIds: { acme: ACME, globex: GLOBEX } },
  profiles: { brief: { maxSeconds: 60 } },
  select: [{ profile: 'brief', scope: 'films:brief' }],
};

const stage = useBrowserStage(() => ({
  custom: { upload: { policy: POLICY } },
  emulator: { attemptWaits: [0, 20, 20] },
}));

type Json = Readonly<Record<string, unknown>>;

/** Returns the caller that a token belongs to; all have the same `sub`. */
function userOf(org: string, scope = 'upload:sign'): Caller & Json {
  return { sub: 'ann', scope, claims: { org } };
}

async function post(path: string, body: object, token = '') {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const json: Json = Object(await response.json());
  return { status: response.status, json };
}

async function postAs(caller: Caller, path: string, body: object) {
  const { json } = await post('/__local/token', caller);
  return post(path, body, String(json['token']));
}

/** Returns the upload as an operator without a tenant sees it. */
async function uploadOf(uploadId: unknown): Promise<Json> {
  const { json } = await post('/__local/token', { scope: 'upload:read upload:admin' });
  const headers = { authorization: `Bearer ${json['token']}` };
  const response = await fetch(`${stage.stack.origin}/uploads/${uploadId}`, { headers });
  return Object(await response.json());
}

function sweep() {
  return post('/__local/sweep', {});
}

/** Resolves with the webhook of this type about a file. */
function webhookOf(type: string, file: unknown) {
  return happens(
    stage.stack,
    'webhook',
    ({ eventType, fileId }) => eventType === type && fileId === file,
  );
}

/** An app of `caller` uploads a film with the vendor's SDK, until the SDK reports the end. */
async function upload(caller: Caller, seconds = 1) {
  const app = await openSdkPage(stage.browser, stage.stack.origin);
  const url = `${stage.stack.origin}/app/film.mp4`;
  await app.page.route(url, (route) => route.fulfill({ body: buildVideo(seconds) }));
  await app.start('a', { media: { name: 'film.mp4', url }, caller });
  const { done, error, uploadId } = await app.ends('a');
  return { fileId: done?.fileId, uploadId, error };
}

describe('an upload of a tenant', () => {
  it('goes into the application of its tenant and into no other', async () => {
    const { fileId, uploadId, error } = await upload(userOf('acme'));

    expect(error).toBeUndefined();
    const { data, verified } = await webhookOf('upload.ready', fileId);
    expect({ data, verified }).toMatchObject({
      ...{ verified: true, data: { uploadId, state: 'ready', subAppId: ACME } },
    });
    expect((await webhookOf('vod.NewFileUpload', fileId)).data).toMatchObject({ SubAppId: ACME });
    expect(await uploadOf(uploadId)).toMatchObject({ state: 'ready', fileId, subAppId: ACME });
    expect(await mediaByApplication(stage.stack)).toEqual({
      [OWN]: [],
      [ACME]: [fileId],
      [GLOBEX]: [],
    });
  });

  it('cannot be continued by another tenant, not even by its owner', async () => {
    const { json } = await postAs(userOf('acme'), '/signature', {});
    const request = { uploadId: json['uploadId'] };

    expect(await postAs(userOf('globex'), '/signature', request)).toMatchObject({
      status: 400,
      json: { code: 'invalid_request', errors: [{ path: 'uploadId' }] },
    });
    expect((await postAs(userOf('acme'), '/signature', request)).status).toBe(200);
  });

  it('is removed once, and from its application, if it exceeds the limits of its policy', async () => {
    const { fileId, uploadId } = await upload(userOf('acme', 'upload:sign films:brief'), 120);
    const problem = { code: 'limits_exceeded', rule: 'maxSeconds', limit: 60, actual: 120 };
    const { data } = await webhookOf('upload.rejected', fileId);
    expect(data).toMatchObject({ uploadId, subAppId: ACME, problem });

    await sweep();
    await happens(
      stage.stack,
      'notification',
      ({ eventType, outcome }) => eventType === 'FileDeleted' && outcome === 'delivered',
    );
    await sweep();

    // VOD refuses a deletion in an application that the file is not in.
    const deletions = seen(stage.stack, 'api').filter(({ action }) => action === 'DeleteMedia');
    expect(deletions.map(({ code }) => code)).toEqual([undefined]);
    expect(await mediaByApplication(stage.stack)).toEqual({ [OWN]: [], [ACME]: [], [GLOBEX]: [] });
    expect(await uploadOf(uploadId)).toMatchObject({ state: 'rejected', fileId, subAppId: ACME });
  });

  it('is found by the sweep in its application if its notification is lost', async () => {
    // The sweep leaves files of the last minute to their notification, so VOD's clock is slow here.
    await stage.restart({ emulator: { clock: createClock(() => new Date(Date.now() - 90_000)) } });
    stage.stack.faults.arm('lost-callback');
    const { fileId, uploadId } = await upload(userOf('globex'));
    await happens(stage.stack, 'notification', ({ outcome }) => outcome === 'held');
    expect(await uploadOf(uploadId)).toMatchObject({ state: 'issued', subAppId: GLOBEX });

    await sweep();

    expect((await webhookOf('upload.ready', fileId)).data).toMatchObject({ subAppId: GLOBEX });
    expect(await uploadOf(uploadId)).toMatchObject({ state: 'ready', fileId, subAppId: GLOBEX });
    expect(await mediaByApplication(stage.stack)).toEqual({
      [OWN]: [],
      [ACME]: [],
      [GLOBEX]: [fileId],
    });
    expect(seen(stage.stack, 'function').some((call) => call.function === 'callback')).toBe(false);
  });
});

describe('a pull of a tenant', () => {
  it('goes into the application of its tenant', async () => {
    const { status, json } = await postAs(userOf('globex', 'upload:pull'), '/pull', {
      mediaUrl: TONE,
    });
    expect(status).toBe(202);
    const { fileId } = await happens(
      stage.stack,
      'pull',
      ({ status: state }) => state === 'FINISH',
    );

    expect((await webhookOf('upload.ready', fileId)).data).toMatchObject({
      ...{ uploadId: json['uploadId'], subAppId: GLOBEX },
    });
    expect(await uploadOf(json['uploadId'])).toMatchObject({ method: 'pull', subAppId: GLOBEX });
    expect(await mediaByApplication(stage.stack)).toEqual({
      [OWN]: [],
      [ACME]: [],
      [GLOBEX]: [fileId],
    });
  });
});

describe('a caller without a tenant', () => {
  it.each([
    ['names no tenant', {}],
    ['names an unknown tenant', { claims: { org: 'initech' } }],
    ['names a property that every object has', { claims: { org: 'toString' } }],
    ['names others in a list', { claims: { org: ['initech', 'umbrella'] } }],
  ])('is refused if it %s', async (_what, claims) => {
    const { error } = await upload({ sub: 'ann', ...claims });
    const pulled = await postAs({ sub: 'ann', scope: 'upload:pull', ...claims }, '/pull', {
      mediaUrl: TONE,
    });

    const denial = {
      ...{ status: 403, code: 'policy_denied' },
      errors: [{ path: 'org', rule: 'tenants', message: 'must name a tenant of this service' }],
    };
    expect(error?.problem).toMatchObject(denial);
    expect(pulled).toMatchObject({ status: 403, json: denial });
    expect(seen(stage.stack, 'ugc')).toEqual([]);
    expect(seen(stage.stack, 'api')).toEqual([]);
  });
});
