import { describe, expect, test } from 'vitest';
import { NO_UPLOAD, type Upload } from '../../../../../tools/local/page/upload/upload.ts';
import { describeStatus } from '../../../../../tools/local/page/upload/upload-status.ts';

function status(change: Partial<Upload>, state?: string): string {
  return describeStatus({ ...NO_UPLOAD, ...change }, state === undefined ? undefined : { state })
    .text;
}

describe('describeStatus()', () => {
  test('does not show an upload as done while the backend only knows that it began', () => {
    expect(status({ phase: 'done', stored: true }, 'issued')).toMatch(/awaited/);
    expect(status({ phase: 'done', stored: true })).toMatch(/awaited/);
    expect(status({ phase: 'done', stored: true }, 'ready')).toBe('Ready');
    expect(status({ phase: 'done', stored: true }, 'processing')).toBe('Processing');
  });

  test("shows the browser's state while it sends, whatever the backend's state", () => {
    expect(status({ phase: 'uploading' }, 'issued')).toBe('Uploading');
    expect(status({ phase: 'paused' }, 'issued')).toBe('Paused');
    expect(status({ phase: 'uploading', stored: true }, 'issued')).toBe('Finishing');
  });

  test('distinguishes an upload that can be continued from a cancelled one', () => {
    expect(status({ phase: 'cancelled' }, 'issued')).toBe('Stopped');
    expect(status({ phase: 'cancelled', isGivenUp: true }, 'issued')).toBe('Cancelled');
    expect(status({ phase: 'uploading' }, 'cancelled')).toBe('Cancelled');
  });

  test('shows a file over its limits as rejected, although all of it was sent', () => {
    expect(status({ phase: 'done', stored: true }, 'rejected')).toBe('Rejected');
  });
});
