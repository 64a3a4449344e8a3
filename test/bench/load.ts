import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleFiles } from '../../tools/deploy/bundle.ts';
import { createActivityLog } from '../../tools/local/activity.ts';
import { buildRuntime } from '../../tools/local/gateway/build-runtime.ts';
import { createGateway } from '../../tools/local/gateway/gateway.ts';
import type { FunctionDefinition } from '../../tools/local/gateway/instance.ts';
import { listen } from '../support/listen.ts';
import { type LoadTarget, listTargets } from './load-targets.ts';

/** The results of a built function that was called without a pause. */
export interface Load {
  /** Its name, and whether it had a ledger. */
  readonly name: string;
  readonly requestsPerSecond: number;
  /** Rate in the last third of the time, in percent of the rate in the first third. */
  readonly heldPercent: number;
  /** Milliseconds within which 50 percent and 99 percent of the requests were answered. */
  readonly p50: number;
  readonly p99: number;
  /** Megabytes of all instances: after warming up and at the end. */
  readonly startMegabytes: number;
  readonly endMegabytes: number;
  /** Bytes that further requests left in the heap of one instance, without garbage. */
  readonly retainedBytes: number;
  /** Answers with a status other than that of the first one. */
  readonly failures: number;
}

const run = promisify(execFile);

/** Concurrent requests: twice as many as the gateway has instances. */
const AT_ONCE = 8;

/** Share of the time after which the instances are warm. */
const WARM = 0.2;

const RETAINED = fileURLToPath(new URL('./handlers/retained.ts', import.meta.url));

/** Requests between the two measurements of an instance's heap, and as many before the first one. */
const RETAINED_REQUESTS = 2_000;

/**
 * Measures every built function in the folder behind the local gateway, one after the other, each for this number of
 * seconds.
 */
export async function measureLoad(
  folder: string,
  databaseUrl: string,
  seconds: number,
): Promise<readonly Load[]> {
  const vod = await listen(createServer(answerAsVod));
  const runtime = await buildRuntime(folder);
  const [retained] = await bundleFiles([RETAINED], []);
  const script = join(folder, 'retained.js');
  await writeFile(script, retained?.code ?? '');
  const loads: Load[] = [];
  for (const target of listTargets(folder, vod.host, databaseUrl)) {
    const load = await measureTarget(target, runtime, seconds);
    loads.push({ ...load, retainedBytes: await measureRetained(target, script) });
  }
  await vod.close();
  return loads;
}

/** Returns the bytes that requests leave in the heap of a fresh process, which runs alone. */
async function measureRetained(
  { definition: { name, file, environment }, event }: LoadTarget,
  script: string,
): Promise<number> {
  // A sweep does as much in one call as other functions do in many.
  const requests = name === 'sweep' ? RETAINED_REQUESTS / 20 : RETAINED_REQUESTS;
  const options = ['--expose-gc', script, file, String(requests * 2), JSON.stringify(event)];
  const { stdout } = await run(process.execPath, options, { env: { ...environment } });
  return Number(stdout);
}

async function measureTarget(
  target: LoadTarget,
  runtime: string,
  seconds: number,
): Promise<Omit<Load, 'retainedBytes'>> {
  const { definition } = target;
  const { name } = definition;
  const isTimed = name === 'sweep';
  const gateway = createGateway({
    functions: isTimed ? [] : [definition],
    timed: isTimed ? [definition] : [],
    ...{ runtime, trigger: 'url', activity: createActivityLog() },
  });
  const { origin, close } = await listen(
    createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      void gateway.handle(name, request, response, url);
    }),
  );
  try {
    const askOnce = () => target.ask(origin, gateway);
    return await drive(definition, askOnce, { seconds, atOnce: isTimed ? 1 : AT_ONCE });
  } finally {
    await gateway.close();
    await close();
  }
}

async function drive(
  { name, file, environment }: FunctionDefinition,
  askOnce: () => Promise<number>,
  { seconds, atOnce }: { readonly seconds: number; readonly atOnce: number },
): Promise<Omit<Load, 'retainedBytes'>> {
  const times = createHistogram();
  const thirds = [0, 0, 0];
  let failures = 0;
  let startMegabytes = 0;
  const expected = await askOnce();
  const startedAt = performance.now();
  const share = () => (performance.now() - startedAt) / (seconds * 1_000);
  const work = async () => {
    while (share() < 1) {
      const askedAt = performance.now();
      if ((await askOnce()) !== expected) failures += 1;
      times.record(Math.max(1, Math.round((performance.now() - askedAt) * 1_000)));
      const third = Math.min(2, Math.floor(share() * 3));
      thirds[third] = (thirds[third] ?? 0) + 1;
    }
  };
  const watch = async () => {
    await sleep(seconds * 1_000 * WARM);
    startMegabytes = await measureMemory(file);
  };
  await Promise.all([watch(), ...Array.from({ length: atOnce }, work)]);
  return {
    name: environment['DATABASE_URL'] === undefined ? name : `${name}, with a ledger`,
    requestsPerSecond: Math.round(times.count / seconds),
    heldPercent: Math.round((100 * (thirds[2] ?? 0)) / (thirds[0] ?? 1)),
    p50: times.percentile(50) / 1_000,
    p99: times.percentile(99) / 1_000,
    ...{ startMegabytes, endMegabytes: await measureMemory(file), failures },
  };
}

/** Returns the megabytes of memory of a function's instances, as Linux reports them. */
async function measureMemory(file: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const sizes = await Promise.all(pids.map((pid) => readSize(pid, file).catch(() => 0)));
  return Math.round(sizes.reduce((sum, size) => sum + size) / 1_024);
}

async function readSize(pid: string, file: string): Promise<number> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
  if (!command.split('\0').includes(file)) return 0;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

/** Accepts every pull, and has every file. */
async function answerAsVod(
  request: IncomingMessage,
  response: { end: (text: string) => unknown },
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { FileIds = [] } = JSON.parse(Buffer.concat(chunks).toString());
  const known = Array.isArray(FileIds) ? FileIds.map((FileId) => ({ FileId, BasicInfo: {} })) : [];
  const answers = { TaskId: 'task-1', MediaInfoSet: known, TaskSet: [], EventSet: [] };
  response.end(JSON.stringify({ Response: { ...answers, RequestId: 'request-1' } }));
}
