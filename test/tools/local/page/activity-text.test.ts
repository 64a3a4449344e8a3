import { describe, expect, test } from 'vitest';
import { describeActivity } from '../../../../tools/local/page/activity-text.ts';

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
});
