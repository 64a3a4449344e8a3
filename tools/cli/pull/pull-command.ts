import { hasEnded, type RunItemState } from '../../../lib/model/pull-run.ts';
import { describeSurvey, showNumber } from '../../pull/describe-survey.ts';
import { createFailures } from '../../pull/failures.ts';
import { ListError } from '../../pull/list-error.ts';
import { createLook } from '../../pull/look.ts';
import { readPrices } from '../../pull/prices.ts';
import { readList } from '../../pull/read-list.ts';
import type { Run } from '../../pull/run-answers.ts';
import { nameSource } from '../../pull/source-id.ts';
import { type SubmittedItem, submitItems } from '../../pull/submit-list.ts';
import { digestName, type Survey, surveyList } from '../../pull/survey.ts';
import { asTyped } from '../as-typed.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { finishRun, keepFailures } from './finish-run.ts';
import { untilEnded } from './interruption.ts';
import { openList } from './list-file.ts';
import { createReport, openPresign } from './open-presign.ts';
import { confirm, openService } from './open-service.ts';
import type { PullJob } from './pull-job.ts';
import { PULL_HELP, readPullOptions } from './pull-options.ts';
import { followRun, readEvery } from './show-run.ts';

/** Creates the command `vod-upload pull`, which looks at sources with `fetchSource`. */
export function createPullCommand(fetchSource: typeof fetch): Command {
  return {
    help: PULL_HELP,
    async run(args, surroundings) {
      const options = readPullOptions(args, surroundings.folder);
      const every = readEvery(options.every);
      const service = openService(options, surroundings);
      try {
        return await untilEnded(
          surroundings,
          () => asTyped(describeInterruption(options.run), surroundings.environment),
          async (signal) => {
            const presign = openPresign(options, surroundings, signal);
            const readChunks = await openList(options.from, surroundings.input, signal);
            const failures = createFailures(options.failures, signal);
            const lookAt = options['no-look'] === true ? undefined : createLook(fetchSource);
            const job = { options, service, readChunks, presign, lookAt, failures, every };
            return pullList({ ...job, signal, surroundings });
          },
        );
      } catch (error) {
        if (error instanceof ListError) throw new CommandError(error.message, { cause: error });
        throw error;
      }
    },
  };
}

function describeInterruption(name: string): string {
  return `Interrupted. What is queued goes on: "vod-upload runs show ${name} --watch" shows it, and the same command queues the rest.\n`;
}

/** `vod-upload pull` */
export const pull = createPullCommand((...request) => fetch(...request));

async function pullList(job: PullJob): Promise<number> {
  const { options, service, surroundings } = job;
  const found = await service.find(options.run);
  const known = await readKnown(job, found);
  const survey = await look(job, known);
  await preview(survey, found, job);
  if (options['dry-run'] === true) return survey.accepted === 0 ? EXIT.no : EXIT.good;
  if (survey.accepted === 0) {
    keepFailures(job);
    return EXIT.no;
  }
  if (!(await mayPull(survey, job))) return EXIT.no;
  const run = await service.open(options.run);
  const durations = await submit(run, { survey, known }, job);
  const { runId } = run;
  const json = options.json === true;
  if (options['no-wait'] === true) {
    const text = asTyped(
      `All is queued. "vod-upload runs show ${run.name}" shows what becomes of it.`,
      surroundings.environment,
    );
    surroundings.writeOut(`${json ? JSON.stringify({ type: 'queued', runId }) : text}\n`);
    keepFailures(job);
    return job.failures.count() === 0 ? EXIT.good : EXIT.no;
  }
  const ended = await followRun({ service, runId, every: job.every, json }, surroundings);
  return finishRun(ended, { sizes: survey.sizes, durations }, job);
}

async function mayPull({ accepted, known }: Survey, { options, surroundings }: PullJob) {
  if (options.yes === true) return true;
  return confirm(`Pull ${showNumber(accepted - known)} files?`, surroundings);
}

async function preview(survey: Survey, found: Run | undefined, { options, surroundings }: PullJob) {
  const prices = options.prices === undefined ? undefined : await readPrices(options.prices);
  const { left: _left, sizes: _sizes, ...shown } = survey;
  const text =
    options.json === true
      ? `${JSON.stringify({ type: 'preview', run: options.run, ...shown })}\n`
      : `${asTyped(describeFound(options.run, found), surroundings.environment)}\n${describeSurvey(survey, prices)}`;
  surroundings.writeOut(text);
}

function describeFound(name: string, run: Run | undefined): string {
  if (run === undefined) return `The run "${name}" is new.`;
  const going =
    run.state === 'paused'
      ? `is paused: what is added waits until "vod-upload runs resume ${name}"`
      : 'goes on';
  return `The run "${name}" is of ${run.createdAt}, and ${going}.`;
}

/** The sources that a run has, by their digests. */
interface Known {
  readonly all: Set<string>;
  /** Those of which nothing changes if they are sent again. */
  readonly settled: Set<string>;
}

/** States that another attempt may change, if one is asked for. */
const RETRIED: readonly RunItemState[] = ['failed', 'expired'];

async function readKnown({ options, service }: PullJob, found: Run | undefined): Promise<Known> {
  const known = { all: new Set<string>(), settled: new Set<string>() };
  if (found === undefined) return known;
  if (hasEnded(found))
    throw new CommandError(
      `The run "${found.name}" was ${found.state}: give another name with --run.`,
    );
  for await (const { id, state } of service.items(found.runId)) {
    if (state === 'refused') continue;
    const digest = digestName(id);
    known.all.add(digest);
    if (options.retry !== true || !RETRIED.includes(state)) known.settled.add(digest);
  }
  return known;
}

async function look(
  { options, readChunks, lookAt, failures, surroundings }: PullJob,
  known: Known,
): Promise<Survey> {
  const { showProgress, now } = surroundings;
  const progress = createProgress('looking at line', showProgress);
  try {
    return await surveyList(readList(readChunks(), options.reading), {
      ...{ lookAt, known: known.all, withoutUrls: options.presign !== undefined, now: now() },
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
  { survey, known }: { readonly survey: Survey; readonly known: Known },
  { options, service, readChunks, presign, failures, surroundings }: PullJob,
) {
  const durations = new Map<string, number>();
  const items = async function* (): AsyncGenerator<SubmittedItem> {
    for await (const { line, id, pull: fields, expected } of readList(
      readChunks(),
      options.reading,
    )) {
      if (survey.left.has(line)) continue;
      const name = nameSource(id, fields['mediaUrl']);
      const digest = digestName(name);
      if (expected.duration !== undefined) durations.set(digest, expected.duration);
      // A link for what the run has would be made for nothing.
      if (presign === undefined || !known.settled.has(digest))
        yield { line, id: name, pull: fields };
    }
  };
  const { showProgress } = surroundings;
  const report = createReport(surroundings);
  await submitItems(items(), {
    ...{ service, runId, retry: options.retry === true, presign },
    // What the service refuses is among the run's own items.
    onRefused: () => undefined,
    onUnsigned(item, reason) {
      report(`Line ${item.line}: ${reason}`);
      failures.add(item.id, item.pull, `line ${item.line}: ${reason}`);
    },
    onProgress: createProgress('queued', showProgress),
  });
  showProgress('');
  return durations;
}
