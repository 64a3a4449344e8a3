import { describe, expect, it } from 'vitest';
import { id, useUploads } from './uploads-stage.ts';

const { ledger, ask, issue, pass } = useUploads();

describe('DELETE /uploads/{uploadId}', () => {
  it('cancels an unfinished upload once, and answers the same when repeated', async () => {
    await issue('a');

    const first = await ask('DELETE', `/uploads/${id('a')}`);
    pass(60_000);
    const again = await ask('DELETE', `/uploads/${id('a')}`);

    expect(first).toMatchObject({ statusCode: 200, json: { state: 'cancelled' } });
    expect(again).toMatchObject({ statusCode: 200, body: first.body });
  });

  it('removes a queued pull from the queue', async () => {
    await ledger.enqueuePulls([{ uploadId: id('a'), owner: 'ann', request: {} }]);

    expect((await ask('DELETE', `/uploads/${id('a')}`)).statusCode).toBe(200);
    expect(await ledger.claimPulls(1, 60)).toEqual([]);
  });

  it.each([
    ['ready', 'uploaded'],
    ['failed', 'pullFailed'],
    ['expired', 'expired'],
    ['rejected', 'rejected'],
  ] as const)('answers 409 for an upload that is %s, and changes nothing', async (state, fact) => {
    await issue('a');
    const before = await ledger.transition(id('a'), fact);
    pass(60_000);

    const { statusCode, json } = await ask('DELETE', `/uploads/${id('a')}`);

    expect(statusCode).toBe(409);
    expect(json).toMatchObject({ code: 'upload_finished', detail: expect.stringContaining(state) });
    expect(await ledger.findUpload(id('a'))).toEqual(before);
  });
});
