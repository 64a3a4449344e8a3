import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EventType } from '../../../lib/model/message-type.ts';
import { useLedger } from '../../support/use-ledger.ts';

const { ledger } = useLedger();

const tell = (
  eventType: EventType,
  ids: { readonly uploadId?: string; readonly fileId?: string },
) =>
  ledger.recordEvent({
    ...{ eventId: randomUUID(), eventType, payload: {}, confirmed: true, changes: [] },
    ...ids,
  });

describe('findFilesWithoutArrival()', () => {
  it('knows the arrival of a file whose upload was told as well', async () => {
    await tell('vod.NewFileUpload', { uploadId: 'u1', fileId: 'f1' });
    await tell('vod.PullComplete', { uploadId: 'u2', fileId: 'f2' });
    await tell('vod.NewFileUpload', { uploadId: 'f3' });
    expect(await ledger.findFilesWithoutArrival(['f1', 'f2', 'f4'])).toEqual(['f4']);
  });

  it('does not ask again for a file whose event was set aside, as other items of it are', async () => {
    const failure = { code: 'x', reason: 'It is too deep.' };
    const items = [
      { kind: 'event', id: 'e1', fileId: 'f1' },
      { kind: 'file', id: 'f2', fileId: 'f2' },
    ] as const;
    for (const item of items) await ledger.countItemFailure({ ...item, ...failure }, 1);
    expect(await ledger.findFilesWithoutArrival(['f1', 'f2'])).toEqual(['f2']);
  });
});
