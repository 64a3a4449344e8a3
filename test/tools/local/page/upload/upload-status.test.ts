import { describe, expect, test } from 'vitest';
import { NO_UPLOAD, type Upload } from '../../../../../tools/local/page/upload/upload.ts';
import { describeStatus } from '../../../../../tools/local/page/upload/upload-status.ts';

function status(change: Partial<Upload>, state?: string): string {
  return describeStatus({ ...NO_UPLOAD, ...change }, state === undefined ? undefined : { state })
    .text;
}

describe('describeStatus()', () => {
  test('does not call an upload done of which the backend has only heard that it began', () => {
    expect(status({ phase: 'done', stored: true }, 'issued')).toMatch(/awaited/);
    expect(status({ phase: 'done', stored: true })).toMatch(/awaited/);
    expect(status({ phase: 'done', stored: true }, 'ready')).toBe('Ready');
    expect(status({ phase: 'done', stored: true }, 'processing')).toBe('Processing');
  });

  test('says while the browser sends how that stands, whatever the backend has of it', () => {
    expect(status({ phase: 'uploading' }, 'issued')).toBe('Uploading');
    expect(status({ phase: 'paused' }, 'issued')).toBe('Paused');
    expect(status({ phase: 'uploading', stored: true }, 'issued')).toBe('Finishing');
  });

  test('tells an upload that can be continued from one that is cancelled for good', () => {
    expect(status({ phase: 'cancelled' }, 'issued')).toBe('Stopped');
    expect(status({ phase: 'cancelled', isGivenUp: true }, 'issued')).toBe('Cancelled');
    expect(status({ phase: 'uploading' }, 'cancelled')).toBe('Cancelled');
  });

  test('says of a file that was over its limits that it was rejected, though all was sent', () => {
    expect(status({ phase: 'done', stored: true }, 'rejected')).toBe('Rejected');
  });
});
