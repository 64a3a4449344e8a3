import { setMaxListeners } from 'node:events';
import { createPartSlots } from '../../../client/put/part-slots.ts';
import type { PutEnvironment } from '../../../client/put/put-environment.ts';
import { createByteRate, createRateGate } from '../../../client/put/rate-limit.ts';
import { createTransport } from '../../../client/put/transport.ts';
import { clock, forEachAtOnce, random } from '../../../lib/system.ts';
import { nameProgram } from '../as-typed.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { showText } from '../show-text.ts';
import { PUT_HELP } from './help.ts';
import { type FileList, listFiles, resolvePath } from './list-files.ts';
import { openAccess } from './open-access.ts';
import { type PutOptions, readPutOptions } from './put-options.ts';
import { createReporter } from './reporter.ts';
import { type Job, runJob } from './run-job.ts';
import { describeResume, listenToSignals } from './signals.ts';
import { describeStateFolder, findStateFolder, type StateFolder } from './state-folder.ts';

/** Files that are uploaded at the same time; their parts share the lanes. Small ones mostly wait for answers. */
const FILES_AT_ONCE = { large: 4, small: 12 };

/** A file that is sent in one request by itself. */
const SMALL_BYTES = 1024 ** 2;

/** `vod-upload put`: uploads files. */
export const put: Command = { help: PUT_HELP, run };

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { options, paths: typed, limits } = readPutOptions(args);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const transport = createTransport(surroundings.environment);
  const opened = await openAccess(options, { surroundings, transport, signal: stop.signal });
  const paths = typed.map((path) => (path === '-' ? path : resolvePath(path, surroundings)));
  const state = await findStateFolder(options, surroundings);
  const list = await listPaths(paths, state, options, surroundings);
  if (options['dry-run']) return describeList(list, options, surroundings);

  const reporter = createReporter(surroundings, options.json);
  const gate = createRateGate(createByteRate(limits.maxRate, clock));
  const environment: PutEnvironment = {
    ...{ transport, clock, random, rate: gate.rate, cloudUrl: opened.cloudUrl },
    ...{ slots: createPartSlots(clock.monotonic), patience: limits.patience },
  };
  const about = paths[0] === '-' ? undefined : describeStateFolder(options, state);
  for (const hint of [opened.hint, about]) if (hint !== undefined) reporter.note(hint);
  const unlisten = listenToSignals({ surroundings, stop, gate, note: reporter.note });
  const counts = { uploaded: 0, skipped: 0, removed: 0, failed: list.problems.length, paused: 0 };
  for (const { path, error } of list.problems) reporter.failed(path, error);
  const jobs: Omit<Job, 'target'> = {
    ...{ options, opened, environment, reporter, surroundings, signal: stop.signal },
    partBytes: limits.partBytes,
    size: limits.size,
    state,
  };
  try {
    const targets: readonly Job['target'][] = paths[0] === '-' ? ['-'] : list.files;
    const isSmall = (target: Job['target']) => target !== '-' && target.size <= SMALL_BYTES;
    const work = async (target: Job['target']) => {
      counts[await runJob({ ...jobs, target })] += 1;
    };
    await Promise.all([
      forEachAtOnce(targets.filter(isSmall), FILES_AT_ONCE.small, work),
      forEachAtOnce(
        targets.filter((target) => !isSmall(target)),
        FILES_AT_ONCE.large,
        work,
      ),
    ]);
    if (counts.paused > 0) {
      const program = nameProgram(surroundings.environment);
      const place = { state: state.path, program };
      reporter.note(describeResume(args, counts.paused, place));
    }
  } finally {
    unlisten();
    transport.close();
    reporter.end(counts);
  }
  return counts.failed + counts.paused === 0 ? EXIT.good : EXIT.no;
}

async function listPaths(
  paths: readonly string[],
  state: StateFolder,
  options: PutOptions,
  { writeError }: Surroundings,
): Promise<FileList> {
  if (paths[0] === '-') return { files: [], problems: [], ignored: 0, links: 0 };
  const { recursive, include = [], exclude = [], abort, type } = options;
  const choice = { recursive, include, exclude, state: state.path, abort };
  const list = await listFiles(paths, choice, type);
  if (!options.json) writeError(describeIgnored(list));
  if (list.files.length + list.problems.length === 0) {
    throw new CommandError(
      'There is no media to upload. --recursive looks into folders of folders.',
    );
  }
  const sets = list.files.filter(({ attachments }) => attachments.length > 0);
  if (sets.length > 0 && !options.direct) {
    const [{ path } = { path: '' }] = sets;
    throw new CommandError(
      `${path} is a playlist, whose files VOD takes from servers only: use --direct with the key of an account.`,
    );
  }
  return list;
}

function describeIgnored({ ignored, links }: FileList): string {
  const files = ignored === 1 ? '1 file is' : `${ignored} files are`;
  const named = links === 1 ? '1 link is' : `${links} links are`;
  return [
    ...(ignored === 0 ? [] : [`${files} no media by name, and not uploaded.\n`]),
    ...(links === 0 ? [] : [`${named} not followed: name what is to be uploaded.\n`]),
  ].join('');
}

/** Returns the exit code. */
function describeList(
  { files, problems }: FileList,
  { json }: PutOptions,
  { writeOut, writeError }: Surroundings,
): number {
  for (const { path, type, size, attachments } of files) {
    const names = attachments.map(({ name }) => name);
    writeOut(
      json
        ? `${JSON.stringify({ event: 'would_upload', path, type, size, files: names })}\n`
        : `${showText(path)}  ${type}  ${size} bytes${names.length === 0 ? '' : `  with ${names.length} files`}\n`,
    );
  }
  for (const { error } of problems) writeError(`${showText(error.message)}\n`);
  return problems.length === 0 ? EXIT.good : EXIT.no;
}
