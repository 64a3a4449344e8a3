import { resolve } from 'node:path';
import { showNumber } from '../../pull/describe-survey.ts';
import { createLook } from '../../pull/look.ts';
import { checkPlace, openRows } from '../../pull/row-file.ts';
import type { CountedRun, Run } from '../../pull/run-answers.ts';
import type { RunService } from '../../pull/run-service.ts';
import { type SubmittedItem, submitItems } from '../../pull/submit-list.ts';
import { tabulateRun } from '../../pull/watch-run.ts';
import { FAILURE_COLUMNS, MAPPING_COLUMNS, writeResults } from '../../pull/write-results.ts';
import { asTyped } from '../as-typed.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { joinNames } from '../join-names.ts';
import { readArguments } from '../read-options.ts';
import { showText } from '../show-text.ts';
import { suggest } from '../suggest.ts';
import { describeVerification } from './finish-run.ts';
import { untilEnded } from './interruption.ts';
import { createReport, openPresign, PRESIGN_HELP, PRESIGN_OPTIONS } from './open-presign.ts';
import {
  confirm,
  openService,
  SERVICE_HELP,
  SERVICE_OPTIONS,
  SERVICE_VARIABLES,
} from './open-service.ts';
import { followRun, judgeRun, readEvery } from './show-run.ts';

const HELP = `vod-upload runs shows the runs of "vod-upload pull", from any machine, and works on them.

Usage: vod-upload runs list [options]
       vod-upload runs show <name> [--watch] [--mapping <file>] [--failures <file>] [options]
       vod-upload runs pause <name> [options]
       vod-upload runs resume <name> [options]
       vod-upload runs retry <name> [--presign <command>] [options]
       vod-upload runs cancel <name> [options]
       vod-upload runs undo <name> [options]

What it does:
  list                   shows your runs, latest first
  show                   shows what became of the items of a run
  pause                  holds what waits; what VOD is fetching goes on, since it cannot be paused there
  resume                 sends what waits
  retry                  attempts again what failed without a file
  cancel                 ends a run: what is under way is cancelled, what has arrived stays
  undo                   ends a run, and deletes every file that it brought, and nothing else

Options:
  --watch                shows the run until nothing of it is under way
  --every <seconds>      between two looks; 3 by default
  --mapping <file>       writes what became of each source, as CSV or .ndjson, and compares sizes
  --failures <file>      writes what failed, as a list for another run
${PRESIGN_HELP}
  --yes                  does not ask before it cancels or undoes
${SERVICE_HELP}

Variables:
${SERVICE_VARIABLES}

Exit codes: 0 done, or all files are there; 1 some are not; 2 it could not be done.

Examples:
  vod-upload runs show library --watch
  vod-upload runs retry library
  vod-upload runs undo library
`;

const VERBS = ['list', 'show', 'pause', 'resume', 'retry', 'cancel', 'undo'] as const;

/** What one call of the command works with. */
interface Job {
  readonly options: RunsOptions;
  readonly service: RunService;
  readonly surroundings: Surroundings;
}

/** `vod-upload runs` */
export const runs: Command = {
  help: HELP,
  async run(args, surroundings) {
    const { values: options, positionals } = readRunsArguments(args);
    const { verb, name } = readVerb(positionals);
    for (const file of [options.mapping, options.failures]) {
      if (file !== undefined) checkPlace(resolve(surroundings.folder, file));
    }
    const service = openService(options, surroundings);
    const job = { options, service, surroundings };
    if (verb === 'list') return listRuns(job);
    const run = await service.find(name);
    if (run === undefined)
      throw new CommandError(
        'You have no run of this name: "vod-upload runs list" shows those that you have.',
      );
    switch (verb) {
      case 'show':
        return showRun(run, job);
      case 'pause':
      case 'resume':
        report(await service.work(run.runId, verb), job);
        return EXIT.good;
      case 'retry':
        return retryRun(run, job);
      default:
        return endRun(run, verb, job);
    }
  },
};

/** @throws {CommandError} */
function readVerb([given = '', name, ...others]: readonly string[]) {
  const verb = VERBS.find((known) => known === given);
  if (verb === undefined) {
    throw new CommandError(
      `The first argument must be one of ${joinNames(VERBS)}.${suggest(given, VERBS)} See "vod-upload runs --help".`,
    );
  }
  if (verb === 'list') {
    if (name !== undefined) throw new CommandError('list has no arguments, only options.');
    return { verb, name: '' } as const;
  }
  if (name === undefined) {
    throw new CommandError(
      `${verb} needs the name of a run: "vod-upload runs list" shows those that you have.`,
    );
  }
  if (others.length > 0) throw new CommandError('Only one run can be named.');
  return { verb, name } as const;
}

function readRunsArguments(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return readArguments('vod-upload runs', args, {
    ...{ watch: flag, every: text, mapping: text, failures: text, yes: flag },
    ...PRESIGN_OPTIONS,
    ...SERVICE_OPTIONS,
  });
}

type RunsOptions = ReturnType<typeof readRunsArguments>['values'];

async function listRuns({ options, service, surroundings }: Job): Promise<number> {
  let count = 0;
  for await (const run of service.list()) {
    count += 1;
    const { name, state, createdAt } = run;
    surroundings.writeOut(
      options.json === true
        ? `${JSON.stringify(run)}\n`
        : `${createdAt}  ${state.padEnd(9)}  ${name}\n`,
    );
  }
  if (count === 0 && options.json !== true) surroundings.writeOut('You have no runs.\n');
  return EXIT.good;
}

async function showRun({ runId }: Run, job: Job): Promise<number> {
  const { options, service, surroundings } = job;
  const json = options.json === true;
  const run =
    options.watch === true
      ? await followRun({ service, runId, every: readEvery(options.every), json }, surroundings)
      : await service.show(runId);
  surroundings.writeOut(
    json
      ? `${JSON.stringify(run)}\n`
      : asTyped(
          tabulateRun(run, { perSecond: undefined, secondsLeft: undefined }, []),
          surroundings.environment,
        ),
  );
  await untilEnded(
    surroundings,
    () => 'Interrupted.\n',
    (signal) => writeFiles(run, signal, job),
  );
  return judgeRun(run);
}

async function writeFiles(
  { runId }: CountedRun,
  signal: AbortSignal,
  { options, service, surroundings }: Job,
): Promise<void> {
  const { mapping, failures } = options;
  if (mapping === undefined && failures === undefined) return;
  const open = (file: string | undefined, columns: readonly string[]) =>
    file === undefined ? undefined : openRows(resolve(surroundings.folder, file), columns, signal);
  const files = {
    mapping: open(mapping, MAPPING_COLUMNS),
    failures: open(failures, FAILURE_COLUMNS),
  };
  const known = { sizes: new Map<string, number>(), durations: new Map<string, number>() };
  const lookAt = mapping === undefined ? undefined : createLook((...request) => fetch(...request));
  const verification = await writeResults({ service, runId, ...files, ...known, lookAt });
  files.mapping?.close();
  files.failures?.close();
  surroundings.writeError(`${describeVerification(verification)}\n`);
}

async function retryRun({ runId }: Run, job: Job): Promise<number> {
  const { options, service, surroundings } = job;
  if (options.presign === undefined) {
    report(await service.work(runId, 'retry'), job);
    return EXIT.good;
  }
  return untilEnded(
    surroundings,
    () => 'Interrupted: the same command retries the rest.\n',
    (signal) => retryPresigned(runId, signal, job),
  );
}

async function retryPresigned(runId: string, signal: AbortSignal, job: Job): Promise<number> {
  const { options, service, surroundings } = job;
  const presign = openPresign(options, surroundings, signal);
  let [refused, unsigned] = [0, 0];
  const reportOne = createReport(surroundings);
  const sent = await submitItems(readFailed(runId, service), {
    ...{ service, runId, retry: true, presign },
    onRefused() {
      refused += 1;
    },
    onUnsigned({ id }, reason) {
      unsigned += 1;
      reportOne(`${showText(id)}: ${reason}`);
    },
    onProgress: () => undefined,
  });
  report({ retried: sent - refused, refused: refused + unsigned }, job);
  return refused + unsigned === 0 ? EXIT.good : EXIT.no;
}

async function* readFailed(runId: string, service: RunService): AsyncGenerator<SubmittedItem> {
  const query = { state: 'failed,expired,refused', with: 'request' };
  for await (const { id, fileId, request } of service.items(runId, query)) {
    if (fileId === undefined) yield { id, pull: { ...request } };
  }
}

async function endRun(run: Run, work: 'cancel' | 'undo', job: Job): Promise<number> {
  const { options, service, surroundings } = job;
  const { states, total } = await service.show(run.runId);
  const question =
    work === 'undo'
      ? `Undo the run "${run.name}", and delete ${showNumber((states.ready ?? 0) + (states.pruned ?? 0))} files and more that may come, of ${showNumber(total)} items?`
      : `Cancel what is under way in the run "${run.name}"?`;
  if (options.yes !== true && !(await confirm(question, surroundings))) return EXIT.no;
  report(await service.work(run.runId, work), job);
  return EXIT.good;
}

function report(sums: Readonly<Record<string, number>>, { options, surroundings }: Job): void {
  const text = Object.entries(sums).map(([name, count]) => `${showNumber(count)} ${name}`);
  surroundings.writeOut(
    options.json === true ? `${JSON.stringify(sums)}\n` : `${text.join(', ')}\n`,
  );
}
