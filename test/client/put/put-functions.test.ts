import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFunctionsAccess } from '../../../client/put/functions-access.ts';
import { createPartSlots } from '../../../client/put/part-slots.ts';
import { type PutEvent, patienceOf } from '../../../client/put/put-environment.ts';
import { createByteRate } from '../../../client/put/rate-limit.ts';
import { createTransport } from '../../../client/put/transport.ts';
import type { UploadAccess } from '../../../client/put/upload-access.ts';
import { uploadFile } from '../../../client/put/upload-file.ts';
import { clock, random } from '../../../lib/system.ts';
import { buildVideo } from '../../../tools/local/emulator/pull/sample-video.ts';
import { watchUpload } from '../../../tools/put/watch-upload.ts';
import { happens } from '../../support/activities.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { useStack } from '../../support/stack-stage.ts';
import { callerVariables, MEBIBYTE, writeMedia } from '../../tools/cli/put/put-stage.ts';

const SMALL = { profiles: { default: { maxBytes: 10 } } };

const stage = useStack();

/** Returns the functions as a caller uses them, and an environment to upload with. */
async function open() {
  const { VOD_UPLOAD_TOKEN: token = '' } = await callerVariables(stage, 'upload:sign upload:read');
  const transport = createTransport({});
  const cloudUrl = `${stage.stack.origin}/__vod`;
  const endpoint = stage.stack.origin;
  const events: PutEvent[] = [];
  const access = createFunctionsAccess({
    ...{ signatureUrl: `${endpoint}/signature`, token, fields: {} },
    ...{ transport, cloudUrl, signal: undefined },
  });
  const environment = {
    ...{ transport, cloudUrl, clock, random, patience: 5_000 },
    ...{ slots: createPartSlots(clock.monotonic), rate: createByteRate(undefined, clock) },
  };
  const put = (way: UploadAccess) =>
    uploadFile(
      {
        ...{
          path: join(stage.dir, 'film.mp4'),
          name: 'film',
          type: 'mp4',
          access: way,
          options: '',
        },
        ...{ stateFolder: join(stage.dir, '.vod-upload'), partBytes: MEBIBYTE },
        onEvent: (event) => events.push(event),
      },
      environment,
    );
  const watch = (uploadId: string) =>
    watchUpload({
      ...{ endpoint, token, uploadId, transport, clock, onState: () => {} },
      patience: patienceOf(environment, { onEvent: () => undefined }),
    });
  return { access, put, watch, events };
}

/** Calls `uploads` as the caller of these uploads does. */
async function callUploads(method: string, path: string): Promise<unknown> {
  const scope = 'upload:read upload:cancel';
  const { VOD_UPLOAD_TOKEN: token } = await callerVariables(stage, scope);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${stage.stack.origin}/uploads${path}`, { method, headers });
  expect(answer.ok).toBe(true);
  return answer.json();
}

/** Returns the ids of the caller's uploads, newest first. */
async function listUploadIds(): Promise<readonly string[]> {
  const { items } = Object(await callUploads('GET', ''));
  return Array.from(items, (item) => Object(item).uploadId);
}

it('has its media if it was killed before the answer of the last step, and the upload has ended since', async () => {
  const film = await writeMedia(stage, 'film.mp4', 2 * MEBIBYTE);
  const { access, put, watch } = await open();
  let fileId = '';
  const killed: UploadAccess = {
    ...access,
    async commit(session, permit) {
      ({ fileId } = await access.commit(session, permit));
      expect((await watch(session.uploadId ?? '')).state).toBe('ready');
      throw new Error('killed');
    },
  };
  await expect(put(killed)).rejects.toThrow('killed');

  const result = await put(access);

  expect(result).toMatchObject({ fileId, isNew: true });
  expect(await fetchSha256(result.mediaUrl)).toBe(sha256(film));
});

it('begins one upload, however often VOD has to be asked', async () => {
  await writeMedia(stage, 'film.mp4', 10);
  stage.stack.faults.arm('apply-unavailable', 3);
  const { put, access, events } = await open();

  const { uploadId } = await put(access);

  expect(events.filter(({ type }) => type === 'retry')).toHaveLength(3);
  expect(await listUploadIds()).toEqual([uploadId]);
});

it('begins another upload if the first one has ended before VOD could be asked', async () => {
  await writeMedia(stage, 'film.mp4', 10);
  stage.stack.faults.arm('apply-unavailable', 1);
  const { access } = await open();
  const apply = access.prepare({ name: 'film', type: 'mp4', size: 10, cover: undefined });
  await expect(apply()).rejects.toMatchObject({ isTransient: true });
  const [first = ''] = await listUploadIds();
  await callUploads('DELETE', `/${first}`);

  const { session } = await apply();

  expect(await listUploadIds()).toEqual([session.uploadId, first]);
});

it('asks for credentials with a signature of the same upload', async () => {
  await writeMedia(stage, 'film.mp4', 3 * MEBIBYTE);
  stage.stack.faults.arm('short-credentials', 1, 1);
  const { access, put } = await open();
  const uploadIds: (string | undefined)[] = [];
  const renew: UploadAccess['renew'] = (session) => {
    uploadIds.push(session.uploadId);
    return access.renew(session);
  };

  const { uploadId, fileId } = await put({ ...access, renew });

  expect(new Set([uploadId, ...uploadIds])).toEqual(new Set([uploadId]));
  const { event } = await happens(stage.stack, 'notification', (each) => each.fileId === fileId);
  expect(event).toMatchObject({ EventType: 'NewFileUpload' });
});

it('says what became of a media that its limits reject', async () => {
  await stage.restart({ custom: { upload: { policy: SMALL } } });
  await writeMedia(stage, 'film.mp4', buildVideo(2));
  const { access, put, watch } = await open();

  const { uploadId = '' } = await put(access);

  expect(await watch(uploadId)).toEqual({ state: 'rejected', problem: 'limits_exceeded' });
});
