import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import COS from 'cos-nodejs-sdk-v5';
import OlderCOS from 'cos-sdk-2';
import { createPartSlots } from '../../client/put/part-slots.ts';
import { createByteRate } from '../../client/put/rate-limit.ts';
import { createTransport } from '../../client/put/transport.ts';
import { uploadFile } from '../../client/put/upload-file.ts';
import { clock, forEachAtOnce, random } from '../../lib/system.ts';
import { createDirectAccess } from '../../tools/put/direct-access.ts';
import { createChance } from '../support/chance.ts';
import { KEYS, type StartedEmulator, startEmulator } from './emulator.ts';
import { type Figure, summarize } from './line.ts';

const BIN = fileURLToPath(new URL('../../tools/cli/vod-upload.mjs', import.meta.url));
const MEBIBYTE = 1024 * 1024;
const FILES = 1_000;
/** As many as the command uploads at the same time. */
const FILES_AT_ONCE = 12;
const KILLS = 10;

/** The settings of the SDK with which it was fastest here, of 1 to 16 MiB and 3 to 16 parts at once. */
const BEST = { ChunkSize: 4 * MEBIBYTE, AsyncLimit: 8 };

/** Versions of the vendor's storage SDK. */
const SDKS = { '2.15.4': OlderCOS, '3.0.0': COS } as const;

/** One of {@link SDKS}. */
export type SdkVersion = keyof typeof SDKS;

/** What files cost, as multiples of what they cost each version of the SDK. */
type Compared = Readonly<Record<SdkVersion, { readonly rate: Figure; readonly processor: Figure }>>;

/** What `put` costs, beside the vendor's SDK. */
export interface PutCost {
  readonly compared: Readonly<Record<'small' | 'middle' | 'large' | 'many', Compared>>;
  readonly partsSentAgain: number;
  readonly residentMegabytes: number;
}

/** Measures uploads to an emulator in another process, `put` and SDK in turn. */
export async function measurePut(folder: string, mebibytes: number): Promise<PutCost> {
  const files = join(folder, 'put');
  await mkdir(files, { recursive: true });
  const emulator = await startEmulator(join(folder, 'put-emulator'), 0);
  try {
    const uploads = {
      put: createPut(emulator, files),
      '2.15.4': createSdk(emulator, SDKS['2.15.4']),
      '3.0.0': createSdk(emulator, SDKS['3.0.0']),
    };
    const small = await compareUploads(uploads, [await write(files, 'small.mp4', 1e6)], 15);
    const middle = await compareUploads(uploads, [await write(files, 'middle.mp4', 1e8)], 5);
    const path = await write(files, 'large.mp4', mebibytes * MEBIBYTE);
    const large = await compareUploads(uploads, [path], 3);
    const names = Array.from({ length: FILES }, (_, index) => `many-${index}.mp4`);
    const paths = await Promise.all(names.map((name) => write(files, name, 10_000)));
    const many = await compareUploads(uploads, paths, 3);
    return {
      compared: { small, middle, large, many },
      ...(await measureKills(emulator, files, path)),
    };
  } finally {
    emulator.child.kill('SIGKILL');
    await once(emulator.child, 'exit');
    await rm(files, { recursive: true });
  }
}

type Upload = (path: string) => Promise<unknown>;

/** @param paths are uploaded in one round, some at a time. */
async function compareUploads(
  uploads: Readonly<Record<'put' | SdkVersion, Upload>>,
  paths: readonly string[],
  rounds: number,
): Promise<Compared> {
  const names = ['put', '2.15.4', '3.0.0'] as const;
  const costs: Record<(typeof names)[number], { time: number; cpu: number }>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const none = { time: 0, cpu: 0 };
    const cost = { put: none, '2.15.4': none, '3.0.0': none };
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
      await forEachAtOnce(paths, FILES_AT_ONCE, async (path) => void (await uploads[name](path)));
      const { user, system } = process.cpuUsage(cpu);
      cost[name] = { time: performance.now() - startedAt, cpu: user + system };
    }
    costs.push(cost);
  }
  const against = (version: SdkVersion) => ({
    rate: summarize(costs.map((cost) => cost[version].time / cost.put.time)),
    processor: summarize(costs.map((cost) => cost.put.cpu / cost[version].cpu)),
  });
  return { '2.15.4': against('2.15.4'), '3.0.0': against('3.0.0') };
}

function createPut({ origin }: StartedEmulator, folder: string): Upload {
  const transport = createTransport({});
  const cloudUrl = `${origin}/__vod`;
  const access = createDirectAccess({
    ...{ api: `${origin}/`, key: { ...KEYS, token: undefined }, subAppId: undefined },
    ...{ parameters: {}, transport, cloudUrl, signal: undefined, now: Date.now },
  });
  const environment = {
    ...{ transport, cloudUrl, clock, random, patience: 60_000 },
    ...{ slots: createPartSlots(clock.monotonic), rate: createByteRate(undefined, clock) },
  };
  return (path) =>
    uploadFile(
      {
        ...{ path, name: 'film', type: 'mp4', access, options: '', again: true },
        ...{ stateFolder: join(folder, '.vod-upload'), onEvent: () => {} },
      },
      environment,
    );
}

/** ApplyUpload, the storage SDK, CommitUpload, as the vendor's own upload SDK does it. */
function createSdk({ origin, client }: StartedEmulator, Sdk: (typeof SDKS)[SdkVersion]): Upload {
  return async (path) => {
    const applied = await client.ApplyUpload({ MediaType: 'mp4', MediaName: 'film' });
    const { SecretId, SecretKey, Token } = applied.TempCertificate ?? {};
    const cos = new Sdk({
      ...{ SecretId: SecretId ?? '', SecretKey: SecretKey ?? '', SecurityToken: Token ?? '' },
      ...{ Protocol: 'http:', Ip: `127.0.0.1:${new URL(origin).port}`, KeepAlive: true },
    });
    await cos.uploadFile({
      Bucket: applied.StorageBucket ?? '',
      Region: applied.StorageRegion ?? '',
      Key: (applied.MediaStoragePath ?? '').slice(1),
      FilePath: path,
      SliceSize: BEST.ChunkSize,
      ...BEST,
    });
    await client.CommitUpload({ VodSessionKey: applied.VodSessionKey ?? '' });
  };
}

/** Kills the program at random points, and lets it end. */
async function measureKills(emulator: StartedEmulator, folder: string, path: string) {
  const chance = createChance(17);
  let resident = 0;
  const run = async (killAfter: number) => {
    const args = ['put', path, '--direct', '--json', '--again', '--state', '.kills'];
    const child = spawn(
      process.execPath,
      [BIN, ...args, '--cloud-url', `${emulator.origin}/__vod`],
      {
        cwd: folder,
        env: { ...process.env, VOD_SECRET_ID: KEYS.secretId, VOD_SECRET_KEY: KEYS.secretKey },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const exited = once(child, 'exit');
    for (let waited = 0; child.exitCode === null && waited < killAfter; waited += 50) {
      resident = Math.max(resident, await readPeak(child.pid ?? 0));
      await Promise.race([exited, sleep(50)]);
    }
    child.kill('SIGKILL');
    await exited;
  };
  const { sent, distinct } = await countParts(emulator, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) await run(700 + chance.below(1_000));
    await run(Number.POSITIVE_INFINITY);
  });
  return { partsSentAgain: (sent - distinct) / KILLS, residentMegabytes: resident };
}

/** Returns how many parts storage received while `work` ran, and how many of them differ. */
async function countParts(
  { origin }: StartedEmulator,
  work: () => Promise<void>,
): Promise<{ readonly sent: number; readonly distinct: number }> {
  const parts: string[] = [];
  const stop = new AbortController();
  const response = await fetch(`${origin}/__local/events`, { signal: stop.signal });
  const lines = createInterface({ input: Readable.fromWeb(response.body ?? new ReadableStream()) });
  lines.on('line', (line) => {
    const part = readPart(line);
    if (part !== undefined) parts.push(part);
  });
  // The stream never ends by itself.
  lines.on('error', () => undefined);
  const before = parts.length;
  await work();
  stop.abort();
  const during = parts.slice(before);
  return { sent: during.length, distinct: new Set(during).size };
}

/** Returns key and number of a part that storage has received, from a line of the emulator's events. */
function readPart(line: string): string | undefined {
  if (!line.startsWith('data:')) return undefined;
  const { operation, status, partNumber, key } = JSON.parse(line.slice('data:'.length));
  return operation === 'UploadPart' && status === 200 ? `${key} ${partNumber}` : undefined;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html; 0 where there is none. */
async function readPeak(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1_000;
}

async function write(folder: string, name: string, size: number): Promise<string> {
  const path = join(folder, name);
  if (size < MEBIBYTE) {
    await writeFile(path, randomBytes(size));
    return path;
  }
  const output = createWriteStream(path);
  for (let left = size; left > 0; left -= MEBIBYTE) {
    const isFull = !output.write(randomBytes(Math.min(MEBIBYTE, left)));
    if (isFull) await once(output, 'drain');
  }
  output.end();
  await once(output, 'close');
  return path;
}
