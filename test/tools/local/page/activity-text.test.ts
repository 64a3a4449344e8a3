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
});
