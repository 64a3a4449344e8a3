import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActivityLog, type RecordedActivity } from '../../../../../tools/local/activity.ts';
import {
  type Account,
  type Applications,
  localAccount,
} from '../../../../../tools/local/emulator/account.ts';
import { createClock } from '../../../../../tools/local/emulator/clock.ts';
import { createFaults, type Faults } from '../../../../../tools/local/emulator/faults.ts';
import { createKnownNames } from '../../../../../tools/local/emulator/known-names.ts';
import { probeMetaData } from '../../../../../tools/local/emulator/metadata.ts';
import { type Media, openState, type State } from '../../../../../tools/local/emulator/state.ts';
import type { UgcDependencies } from '../../../../../tools/local/emulator/ugc/dependencies.ts';
import { createUgcHandler } from '../../../../../tools/local/emulator/ugc/handler.ts';
import { createMemoryObjects, type MemoryObjects } from './memory-objects.ts';
import { doUgc, serveCloud, signFields, type UgcData } from './upload-client.ts';

/** The client upload API on a separate server, with a clock that only the test moves. */
export interface UploadStage {
  readonly origin: string;
  readonly account: Account;
  readonly state: State;
  readonly objects: MemoryObjects;
  readonly faults: Faults;
  /** The dependencies of the server's handler, for its one application. */
  readonly applications: Applications<UgcDependencies>;
  /** Media for which an event was requested, once for each event. */
  readonly announced: readonly Media[];
  activities(): readonly RecordedActivity[];
  nowSeconds(): number;
  passSeconds(seconds: number): void;
  /** Returns a new upload signature; all of them differ. */
  sign(fields?: Readonly<Record<string, string | number>>): string;
  /** Applies for an upload of these bytes, stores them, and returns the answer of Apply. */
  upload(bytes: Buffer, body?: Readonly<Record<string, unknown>>): Promise<UgcData>;
  close(): Promise<void>;
}

/** Opens a stage without media. */
export async function openUploadStage(): Promise<UploadStage> {
  const dir = await mkdtemp(join(tmpdir(), 'ugc-'));
  const account = localAccount();
  const activity = createActivityLog();
  const faults = createFaults(activity);
  const objects = createMemoryObjects();
  const announced: Media[] = [];
  let milliseconds = 1_700_000_000_000;
  let random = 0;
  const now = () => new Date(milliseconds);
  const state = await openState(dir, now);
  const ugc: UgcDependencies = {
    account,
    origin: 'http://localhost:3000',
    state,
    objects,
    faults,
    names: createKnownNames(state, { procedures: ['flow'], classIds: [7] }),
    activity,
    ...{ now, clock: createClock(now) },
    probe: (object) => probeMetaData(object, objects.read),
    recordUpload: (media) => announced.push(media),
    startRecorded: () => undefined,
  };
  const applications = { own: ugc, of: () => ugc };
  const server = await serveCloud(createUgcHandler(applications));
  const nowSeconds = () => milliseconds / 1_000;
  const sign: UploadStage['sign'] = (fields = {}) => {
    random += 1;
    return signFields(account.secretKey, {
      secretId: account.secretId,
      currentTimeStamp: nowSeconds(),
      expireTime: nowSeconds() + 3_600,
      random,
      ...fields,
    });
  };
  return {
    origin: server.origin,
    account,
    state,
    objects,
    faults,
    applications,
    announced,
    activities: () => activity.since(0),
    nowSeconds,
    passSeconds: (seconds) => {
      milliseconds += seconds * 1_000;
    },
    sign,
    async upload(bytes, body = {}) {
      const applied = await doUgc(server.origin, 'ApplyUploadUGC', {
        signature: sign(),
        videoName: 'holiday',
        videoType: 'wav',
        videoSize: bytes.length,
        ...body,
      });
      objects.store(applied.video?.storagePath ?? '', bytes);
      return applied;
    },
    async close() {
      await server.close();
      await state.save();
      await rm(dir, { recursive: true });
    },
  };
}
