import { rm } from 'node:fs/promises';
import { describeSurvey, showNumber } from '../../pull/describe-survey.ts';
import { createFailures, type Failures } from '../../pull/failures.ts';
import { ListError } from '../../pull/list-error.ts';
import { createLook, type LookAt } from '../../pull/look.ts';
import { createPresign } from '../../pull/presign.ts';
import { readPrices } from '../../pull/prices.ts';
import { readList } from '../../pull/read-list.ts';
import type { CountedRun, Run, RunService } from '../../pull/run-service.ts';
import { nameSource } from '../../pull/source-id.ts';
import { type SubmittedItem, submitItems } from '../../pull/submit-list.ts';
import { digestName, type Survey, surveyList } from '../../pull/survey.ts';
import { MAPPING_COLUMNS, openRows, writeResults } from '../../pull/write-results.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { type ListFile, openList } from './list-file.ts';
import { confirm, openService } from './open-service.ts';
import { PULL_HELP, type PullOptions, readPullOptions } from './pull-options.ts';
import { followRun, judgeRun, readEvery } from './show-run.ts';

/** What one call of the command works with. */
interface Job {
  readonly options: PullOptions;
  readonly service: RunService;
  readonly list: ListFile;
  readonly lookAt: LookAt | undefined;
  readonly failures: Failures;
  readonly every: number;
  readonly surroundings: Surroundings;
}

/** Creates the command `vod-upload pull`, which looks at sources with `fetchSource`. */
export function createPullCommand(fetchSource: typeof fetch): Command {
  return {
    help: PULL_HELP,
    async run(args, surroundings) {
      const options = readPullOptions(args, surroundings.folder);
      const every = readEvery(options.every);
      const service = openService(options, surroundings);
      const list = await openList(options.from, process.stdin);
      const failures = createFailures(options.failures);
      const lookAt = options['no-look'] === true ? undefined : createLook(fetchSource);
      try {
        return await pullList({ options, service, list, lookAt, failures, every, surroundings });
      } catch (error) {
        if (error instanceof ListError) throw new CommandError(error.message, { cause: error });
        throw error;
      } finally {
        await Promise.all([list.close(), failures.close()]);
      }
    },
  };
}

/** `vod-upload pull` */
export const pull = createPullCommand((...request) => fetch(...request));

async function pullList(job: Job): Promise<number> {
  const { options, service, surroundings } = job;
  const found = await service.find(options.run);
  const survey = await look(job, found);
  await preview(survey, found, job);
  if (survey.accepted === 0) return EXIT.no;
  if (options['dry-run'] === true || !(await mayPull(survey, job))) {
    await job.failures.discard();
    return options['dry-run'] === true ? EXIT.good : EXIT.no;
  }
  const run = await service.open(options.run);
  const durations = await submit(run, survey, job);
  const { runId } = run;
  const json = options.json === true;
  if (options['no-wait'] === true) {
    const text = `All is queued. "vod-upload runs show ${run.name}" shows what becomes of it.`;
    surroundings.writeOut(`${json ? JSON.stringify({ type: 'queued', runId }) : text}\n`);
    return job.failures.count() === 0 ? EXIT.good : EXIT.no;
  }
  const ended = await followRun({ service, runId, every: job.every, json }, surroundings);
  return finish(ended, survey, durations, job);
}

async function mayPull({ accepted, known }: Survey, { options, surroundings }: Job) {
  if (options.yes === true) return true;
  return confirm(`Pull ${showNumber(accepted - known)} files?`, surroundings);
}

async function preview(survey: Survey, found: Run | undefined, { options, surroundings }: Job) {
  const prices = options.prices === undefined ? undefined : await readPrices(options.prices);
  const { left: _left, sizes: _sizes, ...shown } = survey;
  const text =
    options.json === true
      ? `${JSON.stringify({ type: 'preview', run: options.run, ...shown })}\n`
      : `${describeFound(options.run, found)}\n${describeSurvey(survey, prices)}`;
  surroundings.writeOut(text);
}

function describeFound(name: string, run: Run | undefined): string {
  return run === undefined
    ? `The run "${name}" is new.`
    : `The run "${name}" is of ${run.createdAt}, and goes on.`;
}

async function look(
  { options, service, list, lookAt, failures, surroundings }: Job,
  found: Run | undefined,
): Promise<Survey> {
  const { showProgress, now } = surroundings;
  const known = new Set<string>();
  if (found !== undefined) {
    if (found.state !== 'open')
      throw new CommandError(
        `The run "${found.name}" was ${found.state}: give another name with --run.`,
      );
    for await (const { id, state } of service.items(found.runId)) {
      if (state !== 'refused') known.add(digestName(id));
    }
  }
  const progress = createProgress('looking at line', showProgress);
  try {
    return await surveyList(readList(list.open(), options.reading), {
      ...{ lookAt, known, withoutUrls: options.presign !== undefined, now: now() },
      onRefused: ({ name, pull: fields, reason }) => failures.add(name, fields, reason),
      onProgress: progress,
    });
  } finally {
    showProgress('');
  }
}

/** Lines between two messages. */
const STEP = 1_000;

function createProgress(doing: string, showProgress: Surroundings['showProgress']) {
  let next = STEP;
  return (count: number) => {
    if (count < next) return;
    next = count - (count % STEP) + STEP;
    showProgress(`${doing} ${showNumber(count)}`);
  };
}

/** Sends all items; returns the seconds that the list expects of each. */
async function submit(
  { runId }: Run,
  survey: Survey,
  { options, service, list, failures, surroundings }: Job,
) {
  const durations = new Map<string, number>();
  const items = async function* (): AsyncGenerator<SubmittedItem> {
    for await (const { line, id, pull: fields, expected } of readList(
      list.open(),
      options.reading,
    )) {
      if (survey.left.has(line)) continue;
      const name = nameSource(id, fields['mediaUrl']);
      if (expected.duration !== undefined) durations.set(digestName(name), expected.duration);
      yield { id: name, pull: fields };
    }
  };
  const { showProgress, folder } = surroundings;
  await submitItems(items(), {
    ...{ service, runId, retry: options.retry === true },
    presign: options.presign === undefined ? undefined : createPresign(options.presign, folder),
    // What the service refuses is among the run's own items.
    onRefused: (item, reason) => {
      if (reason.includes('--presign')) failures.add(item.id, item.pull, reason);
    },
    onProgress: createProgress('queued', showProgress),
  });
  showProgress('');
  return durations;
}

async function finish(
  run: CountedRun,
  survey: Survey,
  durations: ReadonlyMap<string, number>,
  job: Job,
): Promise<number> {
  const { options, service, lookAt, failures, surroundings } = job;
  const mapping = openRows(options.mapping, MAPPING_COLUMNS);
  // A link that was made for VOD has expired by now.
  const again = options.presign === undefined ? lookAt : undefined;
  const verification = await writeResults({
    ...{
      service,
      runId: run.runId,
      mapping,
      failures: failures.file,
      sizes: survey.sizes,
      durations,
      lookAt: again,
    },
  });
  await mapping.close();
  const isComplete =
    judgeRun(run) === EXIT.good && failures.count() === 0 && verification.different === 0;
  // One of an earlier run would be taken for this one's.
  if (isComplete) await rm(options.failures, { force: true });
  const { total, states, bytes, reasons } = run;
  if (options.json === true) {
    surroundings.writeOut(
      `${JSON.stringify({ type: 'end', total, states, bytes, reasons, verification, refusedHere: failures.count() })}\n`,
    );
  } else {
    const { same, different, unknown } = verification;
    const lines = [
      `${showNumber(states.ready ?? 0)} of ${showNumber(total)} are ready.`,
      `verified: ${showNumber(same)} have the size of their source, ${showNumber(different)} differ, ${showNumber(unknown)} could not be compared`,
      `mapping: ${options.mapping}`,
      ...(isComplete ? [] : [`failures: ${options.failures}`]),
    ];
    surroundings.writeOut(`${lines.join('\n')}\n`);
  }
  return isComplete ? EXIT.good : EXIT.no;
}
