import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import type {
  FileUploadTask,
  MediaBasicInfo,
  ProcedureTask,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { UploadView } from '../../lib/uploads/upload-view.ts';
import { readServiceCustom } from '../../tools/deploy/service-custom.ts';
import { type LocalStack, startLocalStack } from '../../tools/local/local-stack.ts';
import { happens, seen } from '../support/activities.ts';
import { removeScratch } from '../support/remove-scratch.ts';
import { useDatabases } from '../support/use-ledger.ts';
import { BRING_OWN, BRING_PLAIN, demand, type Place } from './bring.ts';
import { readExample, type Way } from './ways.ts';

/** A media that came, and all that has become of it. */
export interface Arrived {
  readonly fileId: string;
  readonly upload: UploadView;
  /** Names of the rules that something was done by. */
  readonly rules: readonly string[];
  readonly eventType: string;
  /** What the webhook about VOD's event said. */
  readonly event: FileUploadTask;
  /** What VOD says of it now. */
  readonly basic: MediaBasicInfo;
  /** Its task flow: what the webhooks about it said, and its name. */
  readonly flow: readonly ProcedureTask[];
  readonly flowName: string | undefined;
}

/** A stack that runs with the rules of the documents' example, and the media that were brought to it. */
export interface Scene extends Place {
  /** The vendor's client of VOD's API. */
  readonly api: InstanceType<typeof Client>;
  /** Returns a media that says nothing of itself; each way brings one. */
  plain(way: Way): Promise<Arrived>;
  /** Returns a media that says all that its way can say. */
  own(way: Way): Promise<Arrived>;
  /** Waits until all is done with a media. */
  settle(fileId: string): Promise<Arrived>;
}

/**
 * Opens one scene for all tests of a file.
 *
 * @param change what is changed in the example, `custom.upload` of serverless.yml.
 */
export function useScene(change: (upload: object) => object = (upload) => upload): () => Scene {
  const databases = useDatabases();
  let scene: (Scene & { readonly close: () => Promise<void> }) | undefined;

  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'vod-upload-'));
    // The storage SDK inside the server SDK keeps its notes in the home directory otherwise.
    vi.stubEnv('XDG_CONFIG_HOME', dir);
    const custom = await readCustom(dir, change);
    const stack = await startLocalStack({
      ...{ dir: join(dir, 'stack'), port: 0, custom, databaseUrl: await databases.create() },
      emulator: { procedureMilliseconds: 60, attemptWaits: [0, 20, 20] },
    });
    scene = { ...createScene({ stack, dir }), close: () => stack.close() };
  });
  afterAll(async () => {
    await scene?.close();
    vi.unstubAllEnvs();
    if (scene !== undefined) await removeScratch(scene.dir);
  });
  return () => {
    if (scene === undefined) throw new Error('There is no scene');
    return scene;
  };
}

/** Reads the example as Serverless reads the file that it is meant for. */
async function readCustom(dir: string, change: (upload: object) => object): Promise<object> {
  const head = 'service: example\nconfigValidationMode: off\nprovider: { name: tencent }\n';
  await writeFile(join(dir, 'serverless.yml'), head + readExample());
  const { upload } = Object(await readServiceCustom(dir));
  return { upload: change(upload) };
}

function createScene(place: Place): Scene {
  const { secretId, secretKey } = place.stack.account;
  const api = new Client({
    credential: { secretId, secretKey },
    region: 'ap-singapore',
    profile: {
      httpProfile: { endpoint: new URL(place.stack.origin).host, protocol: 'http://' },
    },
  });
  const settle = (fileId: string) => settleMedia(place.stack, api, fileId);
  return {
    ...{ ...place, api, settle },
    plain: once(async (way) => settle(await BRING_PLAIN[way](place))),
    own: once(async (way) => {
      const bring = BRING_OWN[way];
      if (bring === undefined) throw new Error(`By ${way} nothing can be said`);
      return settle(await bring(place));
    }),
  };
}

/** Each way is gone once, however many tests look at what came by it. */
function once(bring: (way: Way) => Promise<Arrived>): (way: Way) => Promise<Arrived> {
  const brought = new Map<Way, Promise<Arrived>>();
  return (way) => {
    const known = brought.get(way) ?? bring(way);
    brought.set(way, known);
    return known;
  };
}

async function settleMedia(stack: LocalStack, api: Scene['api'], fileId: string): Promise<Arrived> {
  const scope = 'upload:read upload:admin';
  const path = `/uploads/${await findUploadId(stack, fileId)}`;
  const listActions = async (): Promise<readonly { state: string; rules?: string[] }[]> =>
    (await demand(stack, 'GET', `${path}/events`, undefined, scope)).actions;
  await expect
    .poll(async () => {
      await demand(stack, 'POST', '/__local/sweep', {});
      const { state } = await demand(stack, 'GET', path, undefined, scope);
      return [state, ...(await listActions()).map((action) => action.state)];
    })
    .toSatisfy(([state, ...actions]: string[]) => {
      return state === 'ready' && actions.every((action) => action === 'done');
    });
  const told = await happens(
    stack,
    'webhook',
    ({ eventType, fileId: of }) =>
      of === fileId && ['vod.NewFileUpload', 'vod.PullComplete'].includes(eventType),
  );
  const { EventType, FileUploadEvent, PullCompleteEvent } = Object(told.data);
  const { MediaInfoSet = [] } = await api.DescribeMediaInfos({ FileIds: [fileId] });
  return {
    fileId,
    upload: await demand(stack, 'GET', path, undefined, scope),
    rules: (await listActions()).flatMap(({ rules = [] }) => rules),
    eventType: EventType,
    event: FileUploadEvent ?? PullCompleteEvent,
    basic: MediaInfoSet[0]?.BasicInfo ?? {},
    ...(await describeFlow(stack, fileId)),
  };
}

/** Returns the id of the upload that a media has, as the consumer is told it. */
async function findUploadId(stack: LocalStack, fileId: string): Promise<string> {
  const { uploadId = '' } = await happens(
    stack,
    'webhook',
    (told) => told.fileId === fileId && told.uploadId !== undefined,
  );
  return uploadId;
}

/** A flow that is at its end has been told of, where it tells at all. */
async function describeFlow(
  stack: LocalStack,
  fileId: string,
): Promise<Pick<Arrived, 'flow' | 'flowName'>> {
  const ofFile = seen(stack, 'procedure').filter((step) => step.fileId === fileId);
  const isTold = (told: { readonly eventType: string; readonly fileId?: string }) =>
    told.eventType === 'vod.ProcedureStateChanged' && told.fileId === fileId;
  const readTask = (data: unknown): ProcedureTask => Object(data).ProcedureStateChangeEvent;
  if (ofFile.length > 0) {
    await happens(
      stack,
      'webhook',
      (told) => isTold(told) && readTask(told.data).Status === 'FINISH',
    );
  }
  return {
    flow: seen(stack, 'webhook')
      .filter(isTold)
      .map(({ data }) => readTask(data)),
    flowName: ofFile[0]?.procedure,
  };
}
