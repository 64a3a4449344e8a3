// Runs in its own process: sends notifications to the built `callback` function, as SCF would, and prints what they cost.
import { createRequire } from 'node:module';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { signCallback } from '../../support/sign-callback.ts';
import { fileIdOf } from '../emulator-media.ts';
import { readServerMilliseconds } from '../processor-time.ts';

type Handler = (event: object, context: object) => Promise<{ readonly statusCode: number }>;

const [, , file = '', signKey = '', secondsText = '', host = '', postmasterText = ''] =
  process.argv;
const seconds = Number(secondsText);
const postmaster = Number(postmasterText);
const burst = 2_000;
const hasFiles = process.env['VOD_HAS_FILES'] === '1';

/** Notifications that are on their way at the same time in the steady run. */
const AT_ONCE = 8;

const write = process.stdout.write.bind(process.stdout);
let kept = 0;
let sent = 0;

function load(): Handler {
  const loaded: unknown = createRequire(file)(file);
  const handler: unknown = Reflect.get(Object(loaded), 'main_handler');
  if (typeof handler !== 'function') throw new TypeError(`Cannot call ${file}: no "main_handler"`);
  return (event, context) => Reflect.apply(handler, undefined, [event, context]);
}

/** Notifies the arrival of a new file; returns the milliseconds until the answer. */
async function notify(handler: Handler): Promise<number> {
  sent += 1;
  // The emulator has files with these ids; those of the other VOD have the time of the notification.
  const FileId = hasFiles ? fileIdOf(sent) : `${Date.now()}-${process.pid}-${sent}`;
  const MediaBasicInfo = {
    Name: 'example',
    SourceInfo: { SourceType: 'Upload', SourceContext: '' },
  };
  const body = JSON.stringify({
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId, MediaBasicInfo },
    ...signCallback(signKey, Math.floor(Date.now() / 1_000) + 600),
  });
  const event = { httpMethod: 'POST', path: '/callback', headers: {}, queryString: {}, body };
  const until = performance.now() + 10_000;
  const context = {
    request_id: FileId,
    getRemainingTimeInMillis: () => until - performance.now(),
  };
  const startedAt = performance.now();
  const { statusCode } = await handler(event, context);
  if (statusCode !== 200) throw new Error(`It answered ${statusCode}.`);
  return performance.now() - startedAt;
}

/** Returns the latencies since the last call, ascending. */
async function readLatencies(): Promise<readonly number[]> {
  const response = await fetch(`http://${host}/latencies`);
  const answer: unknown = await response.json();
  return Array.isArray(answer) ? answer.map(Number).sort((a, b) => a - b) : [];
}

async function main(): Promise<void> {
  const handler = load();
  process.stdout.write = (line: unknown) => {
    if (String(line).includes('"confirmation":"kept"')) kept += 1;
    return true;
  };
  for (let i = 0; i < 200; i += 1) await notify(handler);

  const steadyFrom = sent;
  const cpuFrom = process.cpuUsage();
  const serverFrom = readServerMilliseconds(postmaster);
  const end = performance.now() + seconds * 1_000;
  const lane = async () => {
    while (performance.now() < end) await notify(handler);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const { user, system } = process.cpuUsage(cpuFrom);
  const steady = sent - steadyFrom;
  const perSecond = steady / seconds;
  const ownMilliseconds = (user + system) / 1_000 / steady;
  const serverMilliseconds = (readServerMilliseconds(postmaster) - serverFrom) / steady;

  await readLatencies();
  const times = createHistogram();
  const pending: Promise<void>[] = [];
  const gap = 2_000 / perSecond;
  const begin = performance.now();
  for (let i = 0; i * gap < seconds * 1_000; i += 1) {
    const wait = begin + i * gap - performance.now();
    if (wait > 0) await sleep(wait);
    pending.push(
      notify(handler).then((time) => times.record(Math.max(1, Math.round(time * 1_000)))),
    );
  }
  await Promise.all(pending);
  const latencies = await readLatencies();
  const within = (share: number) =>
    latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;

  kept = 0;
  const answers = await Promise.allSettled(Array.from({ length: burst }, () => notify(handler)));
  const answered = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const report = {
    ...{ burst, slowestMilliseconds: Math.round(Math.max(...answered)), stored: kept },
    refused: burst - answered.length,
    perSecond: Math.round(perSecond),
    ...{ ownMilliseconds, serverMilliseconds },
    perCoreSecond: Math.round(1_000 / (ownMilliseconds + serverMilliseconds)),
    p99AtHalf: times.percentile(99) / 1_000,
    ...{ latencyP50: within(0.5), latencyP99: within(0.99) },
  };
  write(`${JSON.stringify(report)}\n`, () => process.exit());
}

void main();
