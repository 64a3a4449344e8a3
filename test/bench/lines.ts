import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measureCallback } from './callback.ts';
import { measureDrain } from './drain.ts';
import { measureBurst } from './emulator.ts';
import { BATCH_SIZE, measureEvents, measureQueue, measureQuotas } from './ledger.ts';
import { convert, exactly, type Line, type Stage, share } from './line.ts';
import { measurePull } from './pull.ts';
import { measureRecording } from './recording.ts';
import { measureSignatureStart, measureSigning } from './signing.ts';
import { withoutOutput } from './without-output.ts';

const fileOf = async ({ folder }: Stage, name: string) => join(await folder(), `${name}.js`);

const signing = share(async (stage) => {
  const file = await fileOf(stage, 'signature');
  return withoutOutput(() => measureSigning(file));
});
const pulls = share(async (stage) =>
  measurePull(await stage.folder(), await fileOf(stage, 'pull')),
);
const events = share(async ({ database }) => measureEvents(await database()));
const recording = share(async ({ database }) => measureRecording(await database()));
const quotas = share(async ({ database }) => measureQuotas(await database()));

/** Queued pulls of the short run, and seconds for which two sweeps send them. */
const QUEUED = 20_000;
const SWEEP_MILLISECONDS = 20_000;
/** The largest limit that can be configured. */
const PULLS_PER_SECOND = 100;

const queue = share(async ({ database }) => measureQueue(await database(), QUEUED));
const drain = share(async (stage) => {
  await queue(stage);
  return measureDrain(await stage.database(), {
    ...{ pullsPerSecond: PULLS_PER_SECOND, sweeps: 2, sweepMilliseconds: SWEEP_MILLISECONDS },
  });
});

/** Seconds for which notifications come. */
const NOTIFIED_SECONDS = 10;

const burst = share(async ({ folder, database }) => measureBurst(await folder(), await database()));

const notifications = share(async (stage) =>
  measureCallback(await stage.folder(), await stage.database(), NOTIFIED_SECONDS),
);

/** Returns the figure of the case at a place of a comparison. */
function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError('A comparison has a case for each line.');
  return item;
}

const kilobytes = async (stage: Stage, name: string) =>
  exactly((await stat(await fileOf(stage, name))).size / 1_000);

const invert = (value: number) => 1 / value;

const SIGNING: readonly Line[] = [
  {
    ...{ name: 'a signature, against a bare HMAC-SHA1 of its text', unit: '×' },
    ...{ target: { atMost: 1.5 } },
    measure: async (stage) => pick((await signing(stage)).overHmac, 1),
  },
  {
    ...{ name: 'a signature, against the documented sample', unit: '×' },
    ...{ target: { atMost: 0.55 } },
    measure: async (stage) => pick((await signing(stage)).overSample, 1),
  },
  {
    ...{ name: 'the `signature` function, against that HMAC', unit: '×', target: { atMost: 7 } },
    measure: async (stage) => pick((await signing(stage)).overHmac, 2),
  },
  {
    ...{ name: 'the same with a token that it has seen before', unit: '×', target: { atMost: 7 } },
    measure: async (stage) => pick((await signing(stage)).overHmac, 3),
  },
  {
    ...{ name: 'size of `signature`', unit: 'kB', target: { atMost: 45 } },
    measure: (stage) => kilobytes(stage, 'signature'),
  },
  {
    name: 'a process that loads `signature`, against one that loads an empty handler',
    ...{ unit: '×', target: { atMost: 1.15 } },
    measure: async (stage) => {
      const file = await fileOf(stage, 'signature');
      return pick(await measureSignatureStart(await stage.folder(), file), 1);
    },
  },
];

const PULLS: readonly Line[] = [
  {
    ...{ name: 'size of `pull`', unit: 'kB', target: { atMost: 80 } },
    measure: (stage) => kilobytes(stage, 'pull'),
  },
  {
    name: 'load and first call of `pull`, against a handler with the unmodified SDK',
    ...{ unit: '×', target: { atMost: 0.4 } },
    measure: async (stage) => pick((await pulls(stage)).start, 2),
  },
  {
    ...{ name: 'new connections to VOD in 60 calls', unit: '', target: { atMost: 0 } },
    measure: async (stage) => exactly((await pulls(stage)).connections[0]),
  },
  {
    ...{ name: 'new connections to VOD after 6 idle seconds', unit: '', target: { atMost: 0 } },
    measure: async (stage) => exactly((await pulls(stage)).connections[1]),
  },
  {
    name: 'rate of pulls with 8 in flight, against the defaults of the SDK',
    ...{ unit: '×', target: { atLeast: 1.2 } },
    measure: async (stage) => convert(pick((await pulls(stage)).throughput, 1), invert),
  },
  {
    ...{ name: `growth of the heap while ${QUEUED} pulls are queued`, unit: 'kB' },
    target: { atMost: 1_000 },
    measure: async (stage) => exactly((await queue(stage)).heapGrowth / 1_000),
  },
  {
    ...{ name: 'queued pulls sent by two sweeps, of what the limit allows', unit: '%' },
    target: { atLeast: 95 },
    measure: async (stage) => exactly((await drain(stage)).percent),
  },
  {
    ...{
      name: 'most queued pulls in any second, of the limit',
      unit: '%',
      target: { atMost: 100 },
    },
    measure: async (stage) => exactly(((await drain(stage)).mostInSecond * 100) / PULLS_PER_SECOND),
  },
];

const LEDGER: readonly Line[] = [
  {
    name: 'rate of recorded events that change an upload, against a bare insert',
    ...{ unit: '×', target: { atLeast: 0.5 } },
    measure: async (stage) => pick(await events(stage), 1),
  },
  {
    ...{ name: 'rate of the same in batches of 500, against one by one', unit: '×' },
    target: { atLeast: 5 },
    measure: async (stage) => convert(pick(await events(stage), 2), (cost) => BATCH_SIZE / cost),
  },
  {
    name: 'rate of recorded arrivals, against separate prepared statements in a transaction',
    ...{ unit: '×', target: { atLeast: 1.5 } },
    measure: async (stage) => pick(await recording(stage), 1),
  },
  {
    name: 'the same, against its rows as plain values in one statement',
    ...{ unit: '×', target: { atLeast: 0.6 } },
    measure: async (stage) => pick(await recording(stage), 2),
  },
  {
    ...{ name: 'an upload issued within all quotas, against one without', unit: '×' },
    measure: async (stage) => pick(await quotas(stage), 2),
  },
];

const NOTIFICATIONS: readonly Line[] = [
  {
    name: 'slowest answer to a burst of 2,000 notifications, with the emulator as VOD',
    ...{ unit: 'ms', target: { atMost: 5_000 } },
    measure: async (stage) => exactly((await burst(stage)).slowestMilliseconds),
  },
  {
    ...{ name: 'answers to that burst other than 200', unit: '', target: { atMost: 0 } },
    measure: async (stage) => exactly((await burst(stage)).refused),
  },
  {
    name: 'notifications in a second, with the database and VOD on the same two cores',
    unit: '',
    measure: async (stage) => exactly((await notifications(stage)).perSecond),
  },
  {
    name: 'notifications for each second for which `callback` and its database compute',
    ...{ unit: '', target: { atLeast: 150 } },
    measure: async (stage) => exactly((await notifications(stage)).perCoreSecond),
  },
  {
    ...{ name: 'time for which `callback` itself computes for a notification', unit: 'ms' },
    measure: async (stage) => exactly((await notifications(stage)).ownMilliseconds),
  },
  {
    ...{ name: 'the same of its database', unit: 'ms' },
    measure: async (stage) => exactly((await notifications(stage)).serverMilliseconds),
  },
  {
    ...{ name: 'answer to a notification at half of that rate, of which 99 % take less' },
    ...{ unit: 'ms', target: { atMost: 500 } },
    measure: async (stage) => exactly((await notifications(stage)).p99AtHalf),
  },
  {
    ...{ name: "from VOD's notification to the consumer, at half of that rate, the median" },
    unit: 'ms',
    measure: async (stage) => exactly((await notifications(stage)).latencyP50),
  },
  {
    ...{ name: 'the same, of which 99 % take less', unit: 'ms' },
    measure: async (stage) => exactly((await notifications(stage)).latencyP99),
  },
];

/** The lines that `npm run bench` measures; those of other parts are added here. */
export const SHORT_LINES: readonly Line[] = [...SIGNING, ...PULLS, ...LEDGER, ...NOTIFICATIONS];
