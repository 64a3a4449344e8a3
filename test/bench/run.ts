import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFunctions } from '../../tools/deploy/bundle.ts';
import { measureCallback } from './callback.ts';
import { measureDrain } from './drain.ts';
import { measureEmulator } from './emulator.ts';
import { measureEvents, measureQueue, measureQuotas, withDatabase } from './ledger.ts';
import { measureLoad } from './load.ts';
import { measurePull } from './pull.ts';
import { measureRecording } from './recording.ts';
import { measureSignatureStart, measureSigning } from './signing.ts';
import { printCounts, printLoads, printRatios } from './table.ts';
import { withoutOutput } from './without-output.ts';

/** Used if the command has no other number. */
const QUEUED_PULLS = 200_000;

/** Seconds for which each function is under load, if the command has no other number. */
const LOAD_SECONDS = 5;

/** The default limit, and the largest. */
const DRAIN_RATES = [20, 100];

/** Media in the emulator, if the command has no other number. */
const EMULATED_MEDIA = 100_000;

const folder = await mkdtemp(join(tmpdir(), 'vod-upload-bench-'));

/** `npm run bench -- emulator` measures nothing else. */
if (process.argv[2] === 'emulator') {
  const media = Number(process.argv[3] ?? EMULATED_MEDIA);
  const { bytesWritten, startMilliseconds, ...cost } = await measureEmulator(folder, media);
  printCounts(`emulator with ${media} media`, [
    ['p50, times that of 100 media', cost.p50Ratio],
    ['p99, times that of 100 media', cost.p99Ratio],
    ['p99 of a round of calls in ms', cost.p99Milliseconds],
    ['bytes of a change, of 100', bytesWritten[0]],
    ['bytes of a change', bytesWritten[1]],
    ['ms of a start, of 100', startMilliseconds[0]],
    ['ms of a start', startMilliseconds[1]],
    ['pulls in a second', cost.pullsPerSecond],
    ['pulls of different files', cost.differentPullsPerSecond],
    ['resident MB', cost.residentMegabytes],
  ]);
  await rm(folder, { recursive: true });
  process.exit(0);
}

const bundles = await writeFunctions(folder);
const signatureFile = join(folder, 'signature.js');

printRatios('one signature', await withoutOutput(() => measureSigning(signatureFile)));
printRatios('whole process', await measureSignatureStart(folder, signatureFile));
const pull = await measurePull(folder, join(folder, 'pull.js'));
printRatios('load and first call', pull.start);
printRatios('time of 8 pulls', pull.throughput);
printCounts('connections', pull.connections);
await withDatabase(async (url) => {
  printRatios('one event into the ledger', await measureEvents(url));
  printRatios('an arrival', await measureRecording(url));
  printRatios('one upload issued', await measureQuotas(url));
  const pulls = Number(process.argv[2] ?? QUEUED_PULLS);
  const queue = await measureQueue(url, pulls);
  printCounts(`queue of ${pulls} pulls`, [
    ['bytes that the heap grew by', queue.heapGrowth],
    ['pulls enqueued per second', queue.pullsPerSecond],
  ]);
  const seconds = Number(process.argv[3] ?? LOAD_SECONDS);
  printLoads(`under load for ${seconds} s`, await measureLoad(folder, url, seconds));
  printCounts('notifications', Object.entries(await measureCallback(folder, url, seconds)));
  for (const rate of DRAIN_RATES) {
    const drain = await measureDrain(url, rate);
    printCounts(`queued pulls at ${rate} in a second`, [
      ['sent in a second', drain.pullsPerSecond],
      ['share of the limit in percent', drain.percent],
      ['most within any second', drain.mostInSecond],
      ['milliseconds between two sweeps', drain.handoverMilliseconds],
    ]);
  }
});
printCounts('bytes', [
  ...bundles.map(({ name, code }): [string, number] => [name, code.length]),
  ...pull.bytes,
]);
await rm(folder, { recursive: true });
