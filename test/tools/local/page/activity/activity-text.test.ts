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
  test('marks a notification by what the callback function answered, not by its delivery', () => {
    const delivered = { ...notification, outcome: 'delivered' } as const;
    expect(describeActivity({ ...delivered, status: 200 }).tone).toBe('good');
    expect(describeActivity({ ...delivered, status: 401 }).tone).toBe('bad');
    expect(describeActivity({ ...notification, outcome: 'held' }).tone).toBe('warn');
  });

  test('says of a procedure that it is simulated', () => {
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

  test('says of a refused API request which code it was', () => {
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

  test('shows how far a pull is, and how it ended', () => {
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

  test('tells the page’s own questions from calls that do something', () => {
    const call = { ...order, type: 'function', status: 200, milliseconds: 3, log: [] } as const;
    const kindOf = (name: string, method: string) =>
      describeActivity({ ...call, function: name, method }).kind;
    expect(kindOf('uploads', 'GET')).toBe('read');
    expect(kindOf('uploads', 'DELETE')).toBe('function');
    expect(kindOf('signature', 'POST')).toBe('function');
  });

  test('says of a webhook whether it was genuine, and how often it came', () => {
    const webhook = { ...order, type: 'webhook', webhookId: 'msg_1' } as const;
    const good = { ...webhook, verified: true, eventType: 'upload.ready', status: 204 };
    expect(describeActivity({ ...good, attempt: 1, uploadId: 'U1' })).toMatchObject({
      ...{ kind: 'webhook', title: 'upload.ready', detail: 'U1', status: '204', tone: 'good' },
    });
    expect(describeActivity({ ...good, attempt: 2, status: 500 })).toMatchObject({
      ...{ detail: 'delivery 2, msg_1', tone: 'bad' },
    });
    const forged = { ...webhook, verified: false, eventType: '', attempt: 1, status: 401 };
    expect(describeActivity(forged).detail).toContain('signature does not fit');
  });

  test('says of a sweep what it did', () => {
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
