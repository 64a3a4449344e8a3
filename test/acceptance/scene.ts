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
import { BRING_OWN, BRING_PLAIN, demand, OWN, type Place } from './bring.ts';
import { readExample, type Way } from './ways.ts';

/** A media that arrived, and everything that happened to it. */
export interface Arrived {
  readonly fileId: string;
  readonly upload: UploadView;
  /** Names of the rules that changed something. */
  readonly rules: readonly string[];
  readonly eventType: string;
  /** The data of the webhook about VOD's event. */
  readonly event: FileUploadTask;
  /** VOD's current description of it. */
  readonly basic: MediaBasicInfo;
  /** Its task flow: the data of the webhooks about it, in any order, the one about its end, and its name. */
  readonly flow: readonly ProcedureTask[];
  readonly flowEnd: ProcedureTask | undefined;
  readonly flowName: string | undefined;
}

/** A stack that runs with the rules of the documents' example, and the media that were brought to it. */
export interface Scene extends Place {
  /** The vendor's client of VOD's API. */
  readonly api: InstanceType<typeof Client>;
  /** Returns a media that arrived by this way without fields of its own. */
  plain(way: Way): Promise<Arrived>;
  /** Returns a media that arrived with every field that its way can set. */
  own(way: Way): Promise<Arrived>;
  /** Waits until nothing more is to be done for a media. */
  settle(fileId: string): Promise<Arrived>;
}

/**
 * Opens one scene for all tests of a file.
 *
 * @param change changes the example, `custom.upload` of serverless.yml.
 */
export function useScene(change: (upload: object) => object = (upload) => upload): () => Scene {
  const databases = useDatabases();
  let scene: (Scene & { readonly close: () => Promise<void> }) | undefined;

  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'vod-upload-'));
    // Otherwise the storage SDK inside the server SDK writes its files into the home directory.
    vi.stubEnv('XDG_CONFIG_HOME', dir);
    const custom = await readCustom(dir, change);
    const stack = await startLocalStack({
      ...{ dir: join(dir, 'stack'), port: 0, custom, databaseUrl: await databases.create() },
      names: { procedures: [OWN.procedure], classIds: [OWN.classId] },
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

/** Reads the example as Serverless reads the file that contains it. */
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

/** Brings media by each way only once, however many tests look at the result. */
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

/** Returns the id of a media's upload, from the consumer's messages. */
async function findUploadId(stack: LocalStack, fileId: string): Promise<string> {
  const { uploadId = '' } = await happens(
    stack,
    'webhook',
    (told) => told.fileId === fileId && told.uploadId !== undefined,
  );
  return uploadId;
}

/** Waits until the end of a flow is reported, if the flow is set to report it. */
async function describeFlow(
  stack: LocalStack,
  fileId: string,
): Promise<Pick<Arrived, 'flow' | 'flowEnd' | 'flowName'>> {
  const ofFile = seen(stack, 'procedure').filter((step) => step.fileId === fileId);
  const isTold = (told: { readonly eventType: string; readonly fileId?: string }) =>
    told.eventType === 'vod.ProcedureStateChanged' && told.fileId === fileId;
  const readTask = (data: unknown): ProcedureTask => Object(data).ProcedureStateChangeEvent;
  const isEnd = ({ Status }: ProcedureTask) => Status === 'FINISH';
  if (ofFile.length > 0) {
    await happens(stack, 'webhook', (told) => isTold(told) && isEnd(readTask(told.data)));
  }
  const flow = seen(stack, 'webhook')
    .filter(isTold)
    .map(({ data }) => readTask(data));
  return {
    flow,
    flowEnd: flow.find(isEnd),
    flowName: ofFile[0]?.procedure,
  };
}
