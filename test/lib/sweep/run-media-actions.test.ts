import { describe, expect, it } from 'vitest';
import type { VodApi } from '../../../lib/vod/client.ts';
import { eventOf } from '../../support/use-ledger.ts';
import { makeMedia, useSweepStage } from './sweep-stage.ts';

const UPLOAD_ID = '01JSWEEP000000000000000000';
const DAY = 86_400;

const stage = useSweepStage();

/** Rejects an upload whose file VOD has. */
async function rejectUpload(): Promise<string> {
  const [fileId = ''] = await makeMedia(stage.vod);
  await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'client' });
  await stage.ledger.transition(UPLOAD_ID, 'uploaded', { fileId });
  await stage.ledger.transition(UPLOAD_ID, 'rejected');
  return fileId;
}

async function actions(api: VodApi = stage.api) {
  return (await stage.sweep({ api })).steps['actions'];
}

const mediaOfVod = () => stage.vod.emulator().media();

describe('runMediaActions()', () => {
  it('deletes the file of a rejected upload once', async () => {
    await rejectUpload();

    expect(await actions()).toEqual({
      ...{ done: 1, retried: 0, dead: 0, setAside: 0, failed: 0 },
    });

    expect(mediaOfVod()).toEqual([]);
    expect(await actions()).toMatchObject({ done: 0 });
    expect(await (await stage.ledger.timeline()).listActions(UPLOAD_ID)).toMatchObject([
      { kind: 'delete', state: 'done', attempts: 1 },
    ]);
  });

  it('counts a file that is already gone as deleted', async () => {
    const fileId = await rejectUpload();
    await stage.vod.client.DeleteMedia({ FileId: fileId });

    expect(await actions()).toMatchObject({ done: 1, failed: 0 });
  });

  it('succeeds at the next attempt after a lost answer', async () => {
    await rejectUpload();
    const api: VodApi = {
      ...stage.api,
      deleteMedia: async (request, options) => {
        await stage.api.deleteMedia(request, options);
        throw new Error('No connection.');
      },
    };

    expect(await actions(api)).toMatchObject({ done: 0, retried: 1, failed: 1 });
    stage.passSeconds(60);

    expect(await actions()).toMatchObject({ done: 1, retried: 0, failed: 0 });
  });

  it('retries with growing pauses, and gives up after three days', async () => {
    const fileId = await rejectUpload();
    const api: VodApi = {
      ...stage.api,
      deleteMedia: () => Promise.reject(new Error('No connection.')),
    };
    let tries = 0;
    let dead = 0;
    for (let hour = 0; hour < 80 && dead === 0; hour += 1) {
      const counts = await actions(api);
      tries += counts?.failed ?? 0;
      dead += Object(counts).dead;
      stage.passSeconds(3_600);
    }

    expect(dead).toBe(1);
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ level: 'error', step: 'actions', fileId, uploadId: UPLOAD_ID }),
    );
    stage.passSeconds(DAY);
    expect(await actions()).toMatchObject({ done: 0 });
    expect((await stage.sweep()).backlog).toMatchObject({ actions: 0, deadActions: 1 });
  });

  it('leaves an unknown action to a newer version', async () => {
    await stage.ledger.recordEvent(
      eventOf([], { actions: [{ fileId: '5285485487985271000', kind: 'paint' }] }),
    );

    const { steps, errors } = await stage.sweep();

    expect(steps['actions']).toMatchObject({ done: 0, retried: 1, failed: 1 });
    expect(errors).toEqual({ unknown_action: 1 });
  });
});
