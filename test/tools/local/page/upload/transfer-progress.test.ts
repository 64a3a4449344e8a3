import { describe, expect, test } from 'vitest';
import { createServerFacts } from '../../../../../tools/local/page/facts/server-facts.ts';
import { describeTransfer } from '../../../../../tools/local/page/upload/transfer-progress.ts';
import { NO_UPLOAD, type Upload } from '../../../../../tools/local/page/upload/upload.ts';

const PART = 8 * 1_048_576;
const KEY = 'vod/film.mp4';
const file = new File([new Uint8Array(5 * PART)], 'film.mp4');

/** An upload of five parts, of which the browser has sent four and storage has one. */
function transfer(change: Partial<Upload>) {
  const facts = createServerFacts();
  facts.keepParts(KEY, [1]);
  const sending = {
    loaded: 4 * PART,
    reached: 4 * PART,
    bytesPerSecond: 0,
    remainingSeconds: null,
  };
  const upload: Upload = {
    ...NO_UPLOAD,
    file,
    applied: { key: KEY, region: 'ap-seoul', vodSessionKey: 'K' },
    transfer: sending,
    ...change,
  };
  return describeTransfer(upload, facts);
}

describe('describeTransfer()', () => {
  test('does not move during a pause, and says what will be sent again', () => {
    expect(transfer({ phase: 'uploading' })?.percent).toBe(80);
    expect(transfer({ phase: 'paused' })).toMatchObject({
      percent: 80,
      text: '8.4 MB of 41.9 MB stored; 25.2 MB will be sent again',
    });
  });

  test('does not go back while bytes from before a pause are sent again', () => {
    const sending = {
      ...NO_UPLOAD.transfer,
      loaded: 2 * PART,
      reached: 4 * PART,
    };
    const { percent, text } = transfer({ phase: 'uploading', transfer: sending }) ?? {};
    expect(percent).toBe(80);
    expect(text).toMatch(/^16.8 MB of 41.9 MB, sending again/);
  });

  test('is 100 percent only when storage has everything', () => {
    const all = { ...NO_UPLOAD.transfer, loaded: 5 * PART, reached: 5 * PART };
    expect(transfer({ phase: 'uploading', transfer: all })?.percent).toBe(99);
    expect(transfer({ phase: 'uploading', transfer: all, stored: true })?.percent).toBe(100);
  });

  test('is not shown before the start, and after VOD has the media', () => {
    expect(
      transfer({ phase: 'ready', transfer: NO_UPLOAD.transfer, applied: null }),
    ).toBeUndefined();
    expect(transfer({ phase: 'done', stored: true, fileId: '1' })).toBeUndefined();
  });
});
