import { describe, expect, it } from 'vitest';
import type { EventType } from '../../../../lib/model/message-type.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const { ledger } = useLedger();

const tell = (
  eventType: EventType,
  ids: { readonly uploadId?: string; readonly fileId?: string },
) => ledger.recordEvent(eventOf([], { eventType, ...ids }));

describe('findFilesWithoutArrival()', () => {
  it('returns the files without a reported arrival, with or without an upload', async () => {
    await tell('vod.NewFileUpload', { uploadId: 'u1', fileId: 'f1' });
    await tell('vod.PullComplete', { uploadId: 'u2', fileId: 'f2' });
    await tell('vod.NewFileUpload', { uploadId: 'f3' });
    await tell('vod.NewFileUpload', { fileId: 'f5' });
    await tell('vod.ProcedureStateChanged', { fileId: 'f6' });
    const found = await ledger.findFilesWithoutArrival(['f1', 'f2', 'f4', 'f5', 'f6']);
    expect(found.toSorted()).toEqual(['f4', 'f6']);
    expect(await ledger.findFilesWithoutArrival([])).toEqual([]);
  });

  it('does not return a file again whose event was set aside, unlike its other items', async () => {
    const failure = { code: 'x', reason: 'It is too deep.' };
    const items = [
      { kind: 'event', id: 'e1', fileId: 'f1' },
      { kind: 'file', id: 'f2', fileId: 'f2' },
    ] as const;
    for (const item of items) await ledger.countItemFailure({ ...item, ...failure }, 1);
    expect(await ledger.findFilesWithoutArrival(['f1', 'f2'])).toEqual(['f2']);
  });
});
