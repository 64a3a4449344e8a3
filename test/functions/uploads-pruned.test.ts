import { describe, expect, it } from 'vitest';
import { pruneAll } from '../support/prune-all.ts';
import { eventOf } from '../support/use-ledger.ts';
import { ADMIN, id, useUploads } from './uploads-stage.ts';

const DAY = 86_400_000;

const { ledger, ask, issue, pass, now } = useUploads();

/** Brings a file for the upload `a` of ann, and prunes it. */
async function prune() {
  await issue('a');
  const fields = { fileId: 'f1', subAppId: 7 };
  await ledger.recordEvent(
    eventOf([{ key: { uploadId: id('a') }, fact: 'uploaded', owner: 'ann', fields }]),
  );
  await ledger.fanOut(10);
  for (const claim of await ledger.claimDeliveries(10, 60, 10)) await ledger.finishDelivery(claim);
  pass(10 * DAY);
  await pruneAll(ledger, now());
}

describe('an upload whose record was pruned', () => {
  it.each([
    ['GET', ''],
    ['GET', '/events'],
    ['DELETE', ''],
    ['POST', '/replay'],
  ])('%s answers 410 and names its file: %s', async (method, more) => {
    await prune();
    const prunedAt = new Date(now()).toISOString();

    const { statusCode, json } = await ask(method, `/uploads/${id('a')}${more}`, { scope: ADMIN });

    expect(statusCode).toBe(410);
    expect(json).toEqual({
      ...{ type: 'about:blank', title: 'Gone', status: 410, code: 'upload_pruned' },
      detail: `The upload has ended, and its record was removed on ${prunedAt}: ask VOD about its file, with DescribeMediaInfos and the FileId f1.`,
      pruned: { fileId: 'f1', subAppId: 7, prunedAt },
      requestId: expect.any(String),
    });
  });

  it('answers so to its owner, and to others as if there were none', async () => {
    await prune();
    const path = `/uploads/${id('a')}`;
    expect((await ask('GET', path)).statusCode).toBe(410);
    expect((await ask('GET', path, { owner: 'bob' })).statusCode).toBe(404);
    expect((await ask('GET', '/uploads')).json).toEqual({ items: [] });
  });

  it('names no file if none had come', async () => {
    await issue('a');
    await ledger.transition(id('a'), 'cancelled');
    await ledger.fanOut(10);
    for (const claim of await ledger.claimDeliveries(10, 60, 10)) {
      await ledger.finishDelivery(claim);
    }
    pass(10 * DAY);
    await pruneAll(ledger, now());

    const { statusCode, json } = await ask('GET', `/uploads/${id('a')}`);

    expect(statusCode).toBe(410);
    expect(json.detail).toContain('no file had come for it.');
    expect(json.pruned).toEqual({ prunedAt: new Date(now()).toISOString() });
  });
});

describe('issuing an upload whose record was pruned', () => {
  it('is refused with and without quotas', async () => {
    await prune();
    const upload = { uploadId: id('a'), method: 'client', owner: 'ann' } as const;
    const refusal = { name: 'Problem', code: 'upload_pruned' };

    await expect(ledger.issueUpload(upload)).rejects.toMatchObject(refusal);
    await expect(ledger.issueWithin('ann', { openUploads: 5 }, [upload])).rejects.toMatchObject(
      refusal,
    );
    expect(await ledger.enqueuePulls([{ ...upload, request: {} }])).toBe(0);
    expect(await ledger.claimPulls(10, 60)).toEqual([]);
  });
});
