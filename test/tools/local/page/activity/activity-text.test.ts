import { describe, expect, test } from 'vitest';
import { describeActivity } from '../../../../../tools/local/page/activity/activity-text.ts';

const order = { seq: 1, at: '2026-01-01T00:00:00.000Z' };
const notification = {
  ...order,
  type: 'notification',
  eventType: 'NewFileUpload',
  attempt: 1,
  event: {},
} as const;

describe('describeActivity()', () => {
  test("marks a notification by the callback function's answer, not by its delivery", () => {
    const delivered = { ...notification, outcome: 'delivered' } as const;
    expect(describeActivity({ ...delivered, status: 200 }).tone).toBe('good');
    expect(describeActivity({ ...delivered, status: 401 }).tone).toBe('bad');
    expect(describeActivity({ ...notification, outcome: 'held' }).tone).toBe('warn');
  });

  test('says that a procedure is simulated', () => {
    const { detail } = describeActivity({
      ...order,
      type: 'procedure',
      simulated: true,
      taskId: '1-Procedure-1',
      fileId: '1',
      procedure: 'LongVideoPreset',
      status: 'FINISH',
    });
    expect(detail).toContain('simulated');
  });

  test('shows the code and the message of a refused call', () => {
    const text = describeActivity({
      ...order,
      type: 'ugc',
      action: 'ApplyUploadUGC',
      host: 'vod2.qcloud.com',
      code: 10010,
      message: 'expired',
    });
    expect(text).toMatchObject({ kind: 'api', status: '10010', detail: 'expired', tone: 'bad' });
  });

  test('shows the code of a refused API request', () => {
    const text = describeActivity({
      ...{ ...order, type: 'api', action: 'PullUpload', requestId: 'r' },
      ...{ code: 'RequestLimitExceeded', message: 'slower' },
    });
    expect(text).toMatchObject({
      kind: 'api',
      tone: 'bad',
      detail: 'RequestLimitExceeded: slower',
    });
  });

  test('shows the progress of a pull, and its end', () => {
    const url = 'media.example.com/a.mp4';
    const pull = { ...order, type: 'pull', taskId: '1-pull-1', url } as const;
    const fetching = describeActivity({ ...pull, status: 'PROCESSING', progress: 50 });
    expect(fetching).toMatchObject({ kind: 'pull', status: '50 %', detail: url });
    const end = { ...pull, status: 'FINISH', progress: 0 } as const;
    const failed = describeActivity({ ...end, errCode: 60_000, message: 'it answered 404' });
    expect(failed).toMatchObject({
      status: '60000',
      tone: 'bad',
      detail: `${url}, it answered 404`,
    });
    expect(describeActivity({ ...end, errCode: 0, fileId: '7' })).toMatchObject({ tone: 'good' });
  });

  test('distinguishes the page’s own reads from calls that change something', () => {
    const call = { ...order, type: 'function', status: 200, milliseconds: 3, log: [] } as const;
    const kindOf = (name: string, method: string) =>
      describeActivity({ ...call, function: name, method }).kind;
    expect(kindOf('uploads', 'GET')).toBe('read');
    expect(kindOf('uploads', 'DELETE')).toBe('function');
    expect(kindOf('signature', 'POST')).toBe('function');
  });

  test('shows for a webhook whether its signature was valid, and how often it was received', () => {
    const webhook = { ...order, type: 'webhook', webhookId: 'msg_1' } as const;
    const good = { ...webhook, verified: true, eventType: 'upload.ready', status: 204 };
    expect(describeActivity({ ...good, attempt: 1, uploadId: 'U1' })).toMatchObject({
      ...{ kind: 'webhook', title: 'upload.ready', detail: 'U1', status: '204', tone: 'good' },
    });
    expect(describeActivity({ ...good, attempt: 2, status: 500 })).toMatchObject({
      ...{ detail: 'delivery 2, msg_1', tone: 'bad' },
    });
    const forged = { ...webhook, verified: false, eventType: '', attempt: 1, status: 401 };
    expect(describeActivity(forged).detail).toContain('signature does not match');
  });

  test('shows what a sweep did', () => {
    const sweep = {
      ...order,
      type: 'sweep',
      firedBy: 'timer',
      milliseconds: 12.3,
      log: [],
    } as const;
    const summary = { steps: { media: { scanned: 2, fresh: 1, failed: 0 } }, backlog: {} };
    expect(describeActivity({ ...sweep, failed: false, summary })).toMatchObject({
      detail: '12 ms, timer, New media: 2 scanned · 1 new',
      status: 'done',
    });
    const problem = { detail: 'No database.' };
    expect(describeActivity({ ...sweep, failed: true, summary: { problem } })).toMatchObject({
      ...{ detail: '12 ms, timer, Problem: No database.', tone: 'bad' },
    });
  });
});
