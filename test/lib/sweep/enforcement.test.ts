import { describe, expect, it } from 'vitest';
import { deriveFileUploadId } from '../../../lib/model/upload-id.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { settingsOf } from '../../support/settings.ts';
import { encodeContext } from '../../support/source-contexts.ts';
import { makeMedia, TONE, useSweepStage } from './sweep-stage.ts';

const UPLOAD_ID = '01JSWEEP000000000000000000';

const stage = useSweepStage();

const mediaOfVod = () => stage.vod.emulator().media();

/** The stage's VOD, with the number of deletions and task flows that it was asked for. */
function countingApi() {
  const counts = { deletions: 0, flows: 0 };
  const api: VodApi = {
    ...stage.api,
    deleteMedia(...input) {
      counts.deletions += 1;
      return stage.api.deleteMedia(...input);
    },
    processMediaByProcedure(...input) {
      counts.flows += 1;
      return stage.api.processMediaByProcedure(...input);
    },
  };
  return { api, counts };
}

/** Has VOD pull a file whose envelope allows one second. */
async function pullTooLong(): Promise<void> {
  const ended = stage.vod.next(({ type }) => type === 'media');
  await stage.vod.client.PullUpload({
    MediaUrl: TONE,
    SourceContext: encodeContext({
      ...{ uploadId: UPLOAD_ID, owner: 'alice', method: 'pull', limits: { maxSeconds: 1 } },
    }),
  });
  await ended;
}

describe('sweep()', () => {
  it('rejects a file from the queue and deletes it once in two concurrent sweeps', async () => {
    await stage.vod.client.ModifyEventConfig({ Mode: 'PULL' });
    await pullTooLong();
    const { api, counts } = countingApi();

    const sweeps = [stage.ledger, stage.openOther()].map((ledger) =>
      stage.sweep({ pullsEvents: true, api, ledger }),
    );
    await Promise.all(sweeps);
    stage.passSeconds(86_400);
    await stage.sweep({ pullsEvents: true, api });

    expect(await stage.ledger.findUpload(UPLOAD_ID)).toMatchObject({
      ...{ state: 'rejected', problem: { code: 'limits_exceeded', rule: 'maxSeconds' } },
    });
    expect(mediaOfVod()).toEqual([]);
    expect(counts.deletions).toBe(1);
  });

  it('rejects a file that a scan finds by the console policy', async () => {
    const [fileId = ''] = await makeMedia(stage.vod);
    stage.passSeconds(120);
    const settings = settingsOf({ policy: { console: { mediaTypes: ['mp4'] } } });

    await stage.sweep({ settings });

    expect(await stage.ledger.findUpload(deriveFileUploadId(fileId))).toMatchObject({
      ...{ method: 'console', state: 'rejected', problem: { actual: 'wav' } },
    });
    expect(mediaOfVod()).toEqual([]);
  });

  it('applies rules to scanned media once in repeated and concurrent sweeps', async () => {
    await makeMedia(stage.vod, 3);
    stage.passSeconds(120);
    const set = { classId: 7, tags: ['found'], procedure: { name: 'LongVideoPreset' } };
    const settings = settingsOf({ rules: [{ name: 'found', set }] });
    const { api, counts } = countingApi();

    const sweeps = [stage.ledger, stage.openOther()].map((ledger) =>
      stage.sweep({ settings, api, ledger }),
    );
    await Promise.all(sweeps);
    stage.passSeconds(86_400);
    await stage.sweep({ settings, api });

    expect(mediaOfVod()).toMatchObject(Array(3).fill({ classId: 7, tags: ['found'] }));
    expect(counts.flows).toBe(3);
    for (const { fileId } of mediaOfVod()) {
      expect(await stage.ledger.findUpload(deriveFileUploadId(fileId))).toMatchObject({
        ...{ state: 'ready', classId: 7, procedure: 'LongVideoPreset' },
      });
    }
  });

  it('reports a rule that fails, and records the failure with its upload', async () => {
    const [fileId = ''] = await makeMedia(stage.vod);
    stage.passSeconds(120);
    const rules = [{ name: 'past', set: { expireTime: '1999-01-01T00:00:00Z' } }];

    const { steps, errors } = await stage.sweep({ settings: settingsOf({ rules }) });

    expect(steps['actions']).toMatchObject({ done: 0, dead: 1, failed: 1 });
    expect(errors).toEqual({ 'InvalidParameterValue.ExpireTime': 1 });
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ level: 'error', step: 'actions', fileId }),
    );
    expect(
      await (await stage.ledger.timeline()).listActions(deriveFileUploadId(fileId)),
    ).toMatchObject([
      { state: 'dead', lastError: 'InvalidParameterValue.ExpireTime', rules: ['past'] },
    ]);
  });
});
