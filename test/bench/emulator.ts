import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import { buildTone } from '../../tools/local/emulator/pull/sample-media.ts';
import { listen } from '../support/listen.ts';
import { openApiStage } from '../tools/local/emulator/api/api-stage.ts';
import { putObject } from '../tools/local/emulator/ugc/storage-client.ts';
import { type CallbackCost, measureCallback } from './callback.ts';
import { fileIdOf, writeMedia } from './emulator-media.ts';

const PROGRAM = fileURLToPath(
  new URL('../../tools/vod-emulator/vod-emulator.mjs', import.meta.url),
);
/** The key of its account. */
export const KEYS = { secretId: 'AKIDexampleofabenchmark', secretKey: 'key-of-a-benchmark' };
const FEW = 100;
const ROUNDS = 300;
/** Rounds whose times do not count. */
const FIRST_ROUNDS = 30;
const PULLS = 500;
/** Calls of one client at a time. */
const CALLERS = 8;
const DESCRIBED = 20;
const MEBIBYTE = 1024 * 1024;

/** The vendor's client, from its package. */
type VodClient = InstanceType<typeof Client>;

/** A started emulator. */
export interface StartedEmulator {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly client: VodClient;
  readonly startMilliseconds: number;
  /** Bytes of its state. */
  size(): Promise<number>;
}

/** What the emulator costs with many media, beside one with 100 in the same run. */
export interface EmulatorCost {
  /** Times of the emulator with many media, as multiples of those of the other. */
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  /** Of a round of PullUpload, DescribeMediaInfos of 20, ApplyUpload, the file and CommitUpload. */
  readonly p99Milliseconds: number;
  /** Bytes written by one ModifyMediaInfo, with 100 and with many media. */
  readonly bytesWritten: readonly [few: number, many: number];
  /** From the start of the process to its first answer, with 100 and with many media. */
  readonly startMilliseconds: readonly [few: number, many: number];
  /** Pulls of the same file that were accepted and finished in a second, with many media. */
  readonly pullsPerSecond: number;
  /** The same for files that differ, with the emulator, its caller and the source in one process, and no media before. */
  readonly differentPullsPerSecond: number;
  /** Memory of the process with many media. */
  readonly residentMegabytes: number;
}

/**
 * Measures two emulators, one with 100 and one with `many` media that were pulled, call by call in turn.
 *
 * @param folder for their states, which need some 3 kB for each media.
 */
export async function measureEmulator(folder: string, many: number): Promise<EmulatorCost> {
  const few = await startEmulator(join(folder, 'few'), FEW);
  const large = await startEmulator(join(folder, 'many'), many);
  try {
    const times = await measureRounds(few, FEW, large, many);
    const ratio = (share: number) => quantile(times.many, share) / quantile(times.few, share);
    const bytesWritten = [await countBytes(few), await countBytes(large)] as const;
    const pullsPerSecond = await measurePulls(large.client, () => 'samples.example.com/tone.wav');
    return {
      ...{ p50Ratio: ratio(0.5), p99Ratio: ratio(0.99), bytesWritten, pullsPerSecond },
      p99Milliseconds: quantile(times.many, 0.99),
      startMilliseconds: [few.startMilliseconds, large.startMilliseconds],
      differentPullsPerSecond: await measureDifferentPulls(),
      residentMegabytes: await readResident(large.child),
    };
  } finally {
    for (const { child } of [few, large]) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
}

/** Files of the emulator in a burst: those that are notified before it, and some more. */
const BURST_FILES = 3_000;

/** Measures a burst of notifications, with the emulator in a process of its own as VOD. */
export async function measureBurst(folder: string, databaseUrl: string): Promise<CallbackCost> {
  const { child, origin } = await startEmulator(join(folder, 'burst'), BURST_FILES);
  try {
    return await measureCallback(folder, databaseUrl, 0, {
      ...{ VOD_API_ENDPOINT: new URL(origin).host, VOD_API_PROTOCOL: 'http', VOD_HAS_FILES: '1' },
      ...{ VOD_SECRET_ID: KEYS.secretId, VOD_SECRET_KEY: KEYS.secretKey },
    });
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Starts an emulator with that many media, whose state is in the folder `state`. */
export async function startEmulator(state: string, media: number): Promise<StartedEmulator> {
  const file = join(state, 'vod', 'state.ndjson');
  await mkdir(join(state, 'vod'), { recursive: true });
  const output = createWriteStream(file);
  await writeMedia(output, media);
  const flags = ['--secret-id', KEYS.secretId, '--secret-key', KEYS.secretKey];
  const startedAt = performance.now();
  const child = spawn(process.execPath, [PROGRAM, '--state', state, '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('Ctrl+C stops.')) break;
  }
  const [, origin = ''] = /emulated at (\S+)/.exec(text) ?? [];
  return {
    ...{ child, origin, startMilliseconds: performance.now() - startedAt },
    client: new Client({
      credential: KEYS,
      region: 'ap-singapore',
      profile: { httpProfile: { endpoint: new URL(origin).host, protocol: 'http://' } },
    }),
    size: async () => (await stat(file)).size,
  };
}

async function measureRounds(
  few: StartedEmulator,
  fewMedia: number,
  large: StartedEmulator,
  largeMedia: number,
) {
  const times = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < ROUNDS + FIRST_ROUNDS; round += 1) {
    const pair = [
      () => measureRound(few, fewMedia, round).then((time) => times.few.push(time)),
      () => measureRound(large, largeMedia, round).then((time) => times.many.push(time)),
    ];
    for (const measure of round % 2 === 0 ? pair : pair.reverse()) await measure();
    if (round < FIRST_ROUNDS) {
      times.few.length = 0;
      times.many.length = 0;
    }
  }
  return times;
}

/** Returns the milliseconds of a pull, a query and an upload from a server. */
async function measureRound(
  { client, origin }: StartedEmulator,
  media: number,
  round: number,
): Promise<number> {
  const ids = Array.from({ length: DESCRIBED }, (_, index) =>
    fileIdOf((round * 7_919 + index * 104_729) % media),
  );
  const startedAt = performance.now();
  await client.PullUpload({ MediaUrl: 'http://samples.example.com/tone.wav' });
  const { MediaInfoSet } = await client.DescribeMediaInfos({ FileIds: [...new Set(ids)] });
  if (MediaInfoSet?.length !== new Set(ids).size) throw new Error('Media are missing');
  const applied = await client.ApplyUpload({ MediaType: 'mp4', MediaName: 'film' });
  await store(origin, applied);
  await client.CommitUpload({ VodSessionKey: applied.VodSessionKey ?? '' });
  return performance.now() - startedAt;
}

async function store(
  origin: string,
  applied: Awaited<ReturnType<VodClient['ApplyUpload']>>,
): Promise<void> {
  const {
    StorageBucket = '',
    StorageRegion = '',
    MediaStoragePath = '',
    TempCertificate,
  } = applied;
  const [, bucket = '', appId] = /^(.*)-(\d+)$/.exec(StorageBucket) ?? [];
  const certificate = {
    secretId: TempCertificate?.SecretId ?? '',
    secretKey: TempCertificate?.SecretKey ?? '',
    token: TempCertificate?.Token ?? '',
    expiredTime: TempCertificate?.ExpiredTime ?? 0,
  };
  const target = {
    ...{ storageBucket: bucket, storageAppId: Number(appId), storageRegionV5: StorageRegion },
    ...{ timestamp: Math.floor(Date.now() / 1_000) - 1, tempCertificate: certificate },
  };
  const response = await putObject(`${origin}/__vod`, target, MediaStoragePath, Buffer.from('0'));
  if (!response.ok) throw new Error(`The file is refused: ${response.status}`);
}

/** Returns the bytes that one change of a media adds to the state. */
async function countBytes({ client, size }: StartedEmulator): Promise<number> {
  await drain(client);
  const before = await size();
  await client.ModifyMediaInfo({ FileId: fileIdOf(0), Description: 'changed' });
  return (await size()) - before;
}

/** Returns how many pulls are accepted and finished in a second. */
async function measurePulls(client: VodClient, sourceOf: (index: number) => string) {
  await drain(client);
  const startedAt = performance.now();
  let next = 0;
  const call = async () => {
    while (next < PULLS) {
      next += 1;
      await client.PullUpload({ MediaUrl: `http://${sourceOf(next)}` });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  await drain(client);
  return (PULLS * 1_000) / (performance.now() - startedAt);
}

/** Resolves when no pull waits or runs. */
async function drain(client: VodClient): Promise<void> {
  for (const Status of ['WAITING', 'PROCESSING']) {
    for (;;) {
      const { TaskSet = [] } = await client.DescribeTasks({ Status, Limit: 1 });
      if (TaskSet.length === 0) break;
      await sleep(10);
    }
  }
}

async function measureDifferentPulls(): Promise<number> {
  const tone = buildTone(1);
  const sources = createServer(({ url = '' }, response) =>
    response.end(Buffer.concat([tone, Buffer.from(url)])),
  );
  const { origin, close } = await listen(sources);
  const stage = await openApiStage({
    callbackUrl: '',
    pull: { resolve: { 'media.example.com': origin } },
  });
  try {
    return await measurePulls(stage.client, (index) => `media.example.com/${index}.wav`);
  } finally {
    await stage.close();
    await close();
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html; 0 where there is none. */
async function readResident({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kibibytes = '0'] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
  return (Number(kibibytes) * 1024) / MEBIBYTE;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((left, right) => left - right);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
