import { describe, expect, it } from 'vitest';
import { happens } from '../../support/activities.ts';
import { useStack } from '../../support/stack-stage.ts';

const MEDIA = 'http://samples.example.com/video.mp4';
const upload = {
  policy: { profiles: { default: { procedures: ['Bounded'], classIds: [0, 3] } } },
  rules: [
    { name: 'a', match: { classIds: [4] }, set: { procedure: { name: 'Started' } } },
    { name: 'b', match: { name: 'x*' }, set: { classId: 5 } },
  ],
};

const stage = useStack(() => ({
  custom: { upload },
  names: { procedures: ['Added'], classIds: [6] },
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20] },
}));

async function ask(path: string, body: object, token = '') {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, json: JSON.parse(await response.text()) };
}

describe('startLocalStack()', () => {
  it('knows the names in profiles, rules and its own settings, and refuses others', async () => {
    const place = (fields: object) => ask('/__local/console-upload', { seconds: 1, ...fields });

    for (const procedure of ['LongVideoPreset', 'Bounded', 'Started', 'Added']) {
      expect(await place({ procedure })).toMatchObject({ status: 200 });
    }
    for (const classId of [0, 3, 4, 5, 6]) {
      expect(await place({ classId })).toMatchObject({ status: 200 });
    }
    const refused = (detail: string) => ({
      ...{ status: 400, json: { detail: expect.stringContaining(detail) } },
    });
    expect(await place({ procedure: 'Other' })).toMatchObject(refused('no procedure Other'));
    expect(await place({ classId: 7 })).toMatchObject(refused('no category 7'));
  });

  it('reports a pull as failed whose accepted procedure does not exist', async () => {
    await stage.restart({ custom: undefined, names: { unknownNames: 'accept' } });
    const { json } = await ask('/__local/token', { scope: 'upload:pull' });

    const pulled = await ask('/pull', { mediaUrl: MEDIA, procedure: 'Other' }, json.token);

    const { data } = await happens(
      stage.stack,
      'webhook',
      ({ eventType }) => eventType === 'upload.failed',
    );
    expect(data).toMatchObject({
      uploadId: pulled.json.uploadId,
      problem: { code: 'processing_failed', vodErrCode: 40_000 },
    });
  });

  it('answers a pull with VOD’s refusal', async () => {
    await stage.restart({ custom: undefined });
    const { json } = await ask('/__local/token', { scope: 'upload:pull' });

    const refused = await ask('/pull', { mediaUrl: MEDIA, procedure: 'Other' }, json.token);

    expect(refused.json).toMatchObject({ code: 'upstream_rejected' });
    const call = await happens(
      stage.stack,
      'api',
      ({ action, code }) => action === 'PullUpload' && code !== undefined,
    );
    expect(call.message).toContain('there is no procedure Other');
  });
});
