import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPartSlots } from '../../../client/put/part-slots.ts';
import type { PutEnvironment, PutEvent } from '../../../client/put/put-environment.ts';
import { createByteRate } from '../../../client/put/rate-limit.ts';
import { createTransport } from '../../../client/put/transport.ts';
import type { UploadFileRequest } from '../../../client/put/upload-file.ts';
import { clock, random } from '../../../lib/system.ts';
import type { RecordedActivity } from '../../../tools/local/activity.ts';
import { createDirectAccess, type DirectOptions } from '../../../tools/put/direct-access.ts';
import { removeScratch } from '../../support/remove-scratch.ts';
import { type ApiStage, openApiStage } from '../../tools/local/emulator/api/api-stage.ts';

export const MEBIBYTE = 1024 * 1024;

/** An emulator, and an engine that uploads to it with the account's key. */
export interface PutStage {
  readonly emulator: ApiStage;
  readonly environment: PutEnvironment;
  /** A folder for files. */
  readonly folder: string;
  /** What happened in all uploads. */
  readonly events: PutEvent[];
  readonly direct: (change?: Partial<DirectOptions>) => ReturnType<typeof createDirectAccess>;
  /** Writes a file of noise; returns its path. */
  readonly write: (name: string, content: Buffer | number) => Promise<string>;
  /** Returns a request to upload a film. */
  readonly request: (
    path: string,
    change?: Partial<Omit<UploadFileRequest, 'stateFolder'>>,
  ) => UploadFileRequest & { readonly stateFolder: string };
  readonly close: () => Promise<void>;
}

/** Opens a stage whose requests are repeated for a second. */
export async function openPutStage(change: Partial<PutEnvironment> = {}): Promise<PutStage> {
  const emulator = await openApiStage();
  const folder = await mkdtemp(join(tmpdir(), 'put-'));
  const events: PutEvent[] = [];
  const transport = createTransport({});
  const origin = `http://${emulator.host}`;
  const cloudUrl = `${origin}/__vod`;
  const environment: PutEnvironment = {
    ...{ transport, cloudUrl, clock, random, patience: 1_000 },
    slots: createPartSlots(clock.monotonic),
    rate: createByteRate(undefined, clock),
    ...change,
  };
  const direct: PutStage['direct'] = (other = {}) =>
    createDirectAccess({
      ...{ api: `${origin}/`, key: { ...emulator.account, token: undefined } },
      ...{ subAppId: undefined, parameters: {}, transport, cloudUrl },
      ...{ signal: undefined, now: Date.now },
      ...other,
    });
  return {
    ...{ emulator, environment, folder, events, direct },
    async write(name, content) {
      const path = join(folder, name);
      await writeFile(path, typeof content === 'number' ? randomBytes(content) : content);
      return path;
    },
    request: (path, other = {}) => ({
      ...{ path, name: 'film.mp4', type: 'mp4', access: direct(), options: '' },
      ...{ stateFolder: join(folder, '.vod-upload'), partBytes: MEBIBYTE },
      onEvent: (event) => events.push(event),
      ...other,
    }),
    async close() {
      transport.close();
      await emulator.close();
      await removeScratch(folder);
    },
  };
}

/** Returns what storage did, in order. */
export function storageCalls({ emulator }: PutStage) {
  return emulator.activity
    .since(0)
    .filter(
      (each): each is Extract<RecordedActivity, { type: 'storage' }> => each.type === 'storage',
    );
}

/** Returns the numbers of the parts that storage received. */
export function sentParts(stage: PutStage): readonly number[] {
  return storageCalls(stage).flatMap(({ operation, status, partNumber = 0 }) =>
    operation === 'UploadPart' && status === 200 ? [partNumber] : [],
  );
}
