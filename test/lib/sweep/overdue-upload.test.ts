import { describe, expect, it } from 'vitest';
import type { Upload } from '../../../lib/model/upload.ts';
import { findEnd } from '../../../lib/sweep/overdue-upload.ts';

const START = Date.UTC(2026, 0, 31);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const CLIENT: Upload = {
  uploadId: '01JSWEEP000000000000000000',
  method: 'client',
  state: 'issued',
  createdAt: START,
  updatedAt: START,
  expiresAt: START + HOUR,
};
const PULL: Upload = {
  uploadId: '01JSWEEP000000000000000001',
  method: 'pull',
  state: 'issued',
  createdAt: START,
  updatedAt: START,
  taskId: '1500000001-pull-1',
};

function endAt(upload: Upload, now: number, scannedUntil: number | undefined = now) {
  return findEnd(upload, { now, scannedUntil });
}

describe('findEnd()', () => {
  it('expires a client upload a day after its signature, once a scan has covered that day', () => {
    const end = START + HOUR + DAY;

    expect(endAt(CLIENT, end - 1)).toBeUndefined();
    expect(endAt(CLIENT, end, end - 1)).toBeUndefined();
    expect(findEnd(CLIENT, { now: end + DAY, scannedUntil: undefined })).toBeUndefined();
    expect(endAt(CLIENT, end)).toEqual({ fact: 'expired', fields: {} });
  });

  it('never expires an upload without an expiry', () => {
    const { expiresAt: _, ...endless } = CLIENT;

    expect(endAt(endless, START + 365 * DAY)).toBeUndefined();
  });

  it.each([PULL, { ...PULL, taskId: undefined }])('fails a pull that VOD has forgotten', (pull) => {
    expect(endAt(pull, START + 3 * DAY - 1)).toBeUndefined();
    expect(endAt(pull, START + 3 * DAY, START + 2 * DAY)).toBeUndefined();
    expect(endAt(pull, START + 3 * DAY)).toMatchObject({
      fact: 'pullFailed',
      fields: { problem: { code: 'outcome_unknown' } },
    });
  });

  it.each(['uploaded', 'processing'] as const)(
    'fails the processing of a file that nothing reports about, in state %s',
    (state) => {
      const upload: Upload = { ...CLIENT, state, fileId: '5285485487985271000' };

      expect(endAt(upload, START + 3 * DAY - 1)).toBeUndefined();
      expect(endAt(upload, START + 3 * DAY)).toMatchObject({ fact: 'processingFailed' });
    },
  );

  it.each(['ready', 'failed', 'rejected', 'expired', 'cancelled', 'deleted'] as const)(
    'does not change an upload that is %s',
    (state) => {
      expect(endAt({ ...CLIENT, state }, START + 365 * DAY)).toBeUndefined();
    },
  );
});
