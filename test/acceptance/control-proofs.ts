import { expect } from 'vitest';
import { buildVideo } from '../../tools/local/emulator/pull/sample-video.ts';
import { happens, seen } from '../support/activities.ts';
import {
  BRING_PLAIN,
  demand,
  endOfPull,
  pull,
  sendAsClient,
  sign,
  uploadAsClient,
  uploadAsServer,
} from './bring.ts';
import type { Proofs } from './proofs.ts';
import { putAborts, putPauses, putReports, putResumes } from './put-proofs.ts';
import type { Scene } from './scene.ts';
import { ACTIONS, documented, fieldsOf, inBrowser, MODELS, ofVendor } from './vendor.ts';
import { findNote } from './ways.ts';

/** VOD's API has no action to pause or resume anything; the only one to end a task does so before it begins. */
function notOfPulls() {
  expect(findNote('5')).toMatch(/neither pause a pull/);
  expect(ACTIONS).toContain('PullUpload');
  expect(ACTIONS.filter((name) => /^(?:Pause|Resume|Cancel|Abort|Stop)/.test(name))).toEqual([]);
  expect(MODELS).toMatch(/Abort：终止任务。只能终止已发起且状态为等待中（WAITING）的任务/);
}

/** Recordings are made by the live service, which is not part of VOD's API. */
function notOfRecordings() {
  expect(findNote('7')).toMatch(/StopLiveRecord/);
  expect(ACTIONS.filter((name) => /LiveRecord|StreamRecord/.test(name))).toEqual([]);
}

async function isGone({ stack, api }: Scene, fileId: string): Promise<void> {
  await expect
    .poll(async () => {
      await demand(stack, 'POST', '/__local/sweep', {});
      return (await api.DescribeMediaInfos({ FileIds: [fileId] })).NotExistFileIdSet;
    })
    .toEqual([fileId]);
}

/** Returns the messages that the consumer received about an upload in this state. */
function told({ stack }: Scene, state: string, uploadId: string) {
  return happens(
    stack,
    'webhook',
    (call) => call.eventType === `upload.${state}` && call.uploadId === uploadId,
  );
}

async function cancelsUpload(scene: Scene): Promise<void> {
  const { signature, uploadId } = await sign(scene, {});
  await demand(scene.stack, 'DELETE', `/uploads/${uploadId}`, undefined, 'upload:cancel');
  await isGone(scene, await sendAsClient(scene, signature));
  await told(scene, 'cancelled', uploadId);
}

async function cancelsPull(scene: Scene): Promise<void> {
  const { stack } = scene;
  stack.faults.arm('slow-source', 1, 500);
  const mediaUrl = 'http://samples.example.com/video.mp4';
  const { uploadId, taskId } = await demand(stack, 'POST', '/pull', { mediaUrl }, 'upload:pull');
  await demand(stack, 'DELETE', `/uploads/${uploadId}`, undefined, 'upload:cancel');
  await isGone(scene, await endOfPull(scene, taskId));
  await told(scene, 'cancelled', uploadId);
}

/** What waits in a paused run is not sent, however often `sweep` runs; VOD itself cannot pause what it fetches. */
async function pausesRun(scene: Scene): Promise<void> {
  const { stack } = scene;
  notOfPulls();
  expect(findNote('10')).toMatch(/not sent until `\/resume`/);
  const call = (method: string, path: string, body?: object) =>
    demand(stack, method, `/pulls/runs${path}`, body, 'upload:pull');
  const mediaUrl = 'http://samples.example.com/video.mp4';
  const { runId } = await call('POST', '', { name: 'pausing' });
  // First, or the stack's own sweep might send it before.
  expect(await call('POST', `/${runId}/pause`, {})).toEqual({ paused: 0 });
  const { items } = await call('POST', `/${runId}/items`, { items: [{ id: 'film', mediaUrl }] });
  const [{ uploadId }] = items;
  const show = () => demand(stack, 'GET', `/uploads/${uploadId}`, undefined, 'upload:read');

  await demand(stack, 'POST', '/__local/sweep', {});
  expect(await call('GET', `/${runId}`)).toMatchObject({ state: 'paused', states: { waiting: 1 } });
  expect(await show()).not.toHaveProperty('taskId');

  expect(await call('POST', `/${runId}/resume`, {})).toEqual({ resumed: 1 });
  await demand(stack, 'POST', '/__local/sweep', {});
  await told(scene, 'ready', uploadId);
  expect(await show()).toMatchObject({ state: 'ready', taskId: expect.any(String) });
}

/** Proofs of the claims about regions and sizes. */
export const LIMIT_PROOFS: Proofs = {
  'region of your choice': {
    'no (2)': () => {
      expect(findNote('2')).toMatch(/POST \/pull/);
      expect(fieldsOf('ModifyMediaInfo')).toContain('ClassId');
      expect(fieldsOf('ModifyMediaInfo')).not.toContain('StorageRegion');
      expect(ACTIONS.filter((name) => name.includes('Region'))).toEqual(
        expect.arrayContaining(['DescribeStorageRegions', 'ModifyDefaultStorageRegion']),
      );
      expect(ACTIONS.filter((name) => /^(?:Move|Migrate|Copy)/.test(name))).toEqual([]);
    },
  },
  'largest file for VOD': {
    '60 GB': documented,
    '50,000 GB': documented,
    'Web 60 GB': documented,
    'Android and iOS 10 GB': documented,
    'MP4 and FLV 50,000 GB': documented,
    'HLS any': documented,
  },
  "context of the upload's event": {
    'no (3)': async (scene, way) => {
      expect(findNote('3')).toMatch(/ModifyMediaInfo/);
      expect(fieldsOf('PullUpload')).toContain('SourceContext');
      expect(fieldsOf('ModifyMediaInfo')).not.toContain('SourceContext');
      const { event, upload } = await scene.plain(way);
      expect(event.MediaBasicInfo?.SourceInfo?.SourceContext).toBe('');
      expect(upload.sourceContext).toBeUndefined();
      expect(event.FileId).toBe(upload.fileId);
      if (way === 'live recording') {
        const source = event.MediaBasicInfo?.SourceInfo;
        expect(source?.LiveRecordInfo?.StreamId).toBe('show-7');
      }
    },
  },
};

/** Proofs of the table about control. */
export const CONTROL_PROOFS: Proofs = {
  resume: {
    'no (4)': ofVendor('4'),
    "VOD's work (5)": notOfPulls,
    'put (6)': putResumes,
    SDK: inBrowser('sends only the missing parts after a reload'),
    'with the same `uploadId`': async (scene) => {
      const { uploadId, signature } = await sign(scene, {});
      const again = await sign(scene, { uploadId });
      expect(again.uploadId).toBe(uploadId);
      expect(again.signature).not.toBe(signature);
    },
    'nothing to resume': notOfRecordings,
  },
  pause: {
    'no (4)': ofVendor('4'),
    'no (5)': notOfPulls,
    'put (6)': putPauses,
    SDK: inBrowser('pauses without a request, and goes on where it was'),
    '`POST /pulls/runs/{runId}/pause` (10)': pausesRun,
    'no (7)': notOfRecordings,
  },
  cancel: {
    page: ofVendor(),
    'no (5)': notOfPulls,
    'put `--abort` (6)': putAborts,
    SDK: inBrowser('uploads the rest when the same file is chosen again after a cancel'),
    '`DELETE /uploads/{uploadId}`': cancelsUpload,
    '`DELETE /uploads/{uploadId}` (5)': cancelsPull,
    'no (7)': notOfRecordings,
  },
  progress: {
    page: ofVendor(),
    '`DescribeTaskDetail` (8)': async ({ stack, api }, way) => {
      const mediaUrl = 'http://samples.example.com/video.mp4';
      stack.faults.arm('slow-source', 1, 200);
      const { taskId } =
        way === 'console pull'
          ? await demand(stack, 'POST', '/__local/console-pull', { mediaUrl })
          : await demand(stack, 'POST', '/pull', { mediaUrl }, 'upload:pull');
      const { TaskSet = [] } = await api.DescribeTasks({ Limit: 100 });
      expect(TaskSet.map(({ TaskId }) => TaskId)).toContain(taskId);
      const begun = await api.DescribeTaskDetail({ TaskId: taskId });
      expect(begun.PullUploadTask).toMatchObject({ Status: 'PROCESSING', Progress: 0 });
      await endOfPull({ stack, dir: '' }, taskId);
      const ended = await api.DescribeTaskDetail({ TaskId: taskId });
      expect(ended.PullUploadTask).toMatchObject({ Status: 'FINISH', Progress: 100 });
    },
    'put (6)': putReports,
    '`GET /uploads/{uploadId}` (8)': async ({ stack }) => {
      stack.faults.arm('slow-source', 1, 200);
      const mediaUrl = 'http://samples.example.com/video.mp4';
      const { taskId, uploadId } = await demand(
        stack,
        'POST',
        '/pull',
        { mediaUrl },
        'upload:pull',
      );
      const show = () => demand(stack, 'GET', `/uploads/${uploadId}`, undefined, 'upload:read');
      expect(await show()).toMatchObject({ state: 'issued', progress: 0 });
      await endOfPull({ stack, dir: '' }, taskId);
      await expect.poll(show).toMatchObject({ state: 'ready' });
      expect(await show()).not.toHaveProperty('progress');
    },
    SDK: inBrowser('carries 30 MB, a cover and a procedure, and every byte and event arrives'),
    'for others `GET /uploads/{uploadId}` (9)': async (scene) => {
      const { uploadId } = await sign(scene, {});
      const path = `/uploads/${uploadId}`;
      const report = { size: 1_000, sent: 420 };
      await demand(scene.stack, 'PUT', `${path}/progress`, report, 'upload:sign');
      expect(await demand(scene.stack, 'GET', path, undefined, 'upload:read')).toMatchObject({
        ...{ state: 'issued', progress: 42 },
      });
    },
    'no (7)': notOfRecordings,
  },
  parts: {
    page: ofVendor(),
    "VOD's work (5)": notOfPulls,
    SDK: async (scene, way) => {
      if (way === 'client upload') {
        inBrowser('carries 30 MB, a cover and a procedure, and every byte and event arrives')();
        return;
      }
      const fileId = await uploadAsServer(scene, {}, buildVideo(150));
      const parts = seen(scene.stack, 'storage').filter(
        ({ operation, key }) => operation === 'UploadPart' && key.includes(fileId),
      );
      expect(parts.length).toBeGreaterThan(2);
    },
    'nothing to split': notOfRecordings,
  },
};

/** A file that the strict settings of a scene, or the request, do not allow is reported and removed. */
export const STRICT_PROOFS: Proofs = {
  'limits of your own': {
    '`policy.console`': async (scene, way) => isRejected(scene, await BRING_PLAIN[way](scene)),
    '`policy.live`': async (scene, way) => isRejected(scene, await BRING_PLAIN[way](scene)),
    '`limits`': async (scene, way) => {
      const limits = { maxSeconds: 1 };
      const bring = way === 'client upload' ? uploadAsClient : pull;
      await isRejected(scene, await bring(scene, { limits }));
    },
  },
};

async function isRejected(scene: Scene, fileId: string): Promise<void> {
  const { data } = await happens(
    scene.stack,
    'webhook',
    (call) => call.eventType === 'upload.rejected' && call.fileId === fileId,
  );
  expect(data).toMatchObject({
    problem: { code: 'limits_exceeded', rule: 'maxSeconds', limit: 1, actual: 2 },
  });
  await isGone(scene, fileId);
}
