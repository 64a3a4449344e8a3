import { rm } from 'node:fs/promises';
import { showNumber } from '../../pull/describe-survey.ts';
import { openRows } from '../../pull/row-file.ts';
import type { CountedRun } from '../../pull/run-answers.ts';
import { MAPPING_COLUMNS, type Verification, writeResults } from '../../pull/write-results.ts';
import { asTyped } from '../as-typed.ts';
import { CommandError, EXIT } from '../command.ts';
import type { PullJob } from './pull-job.ts';
import { judgeRun } from './show-run.ts';

/** What the list says about its sources, by the digest of their ids. */
interface Expected {
  /** In bytes. */
  readonly sizes: ReadonlyMap<string, number>;
  /** In seconds. */
  readonly durations: ReadonlyMap<string, number>;
}

/** Writes what became of a run that has ended, and compares it with its sources; returns the exit code. */
export async function finishRun(
  run: CountedRun,
  expected: Expected,
  job: PullJob,
): Promise<number> {
  const { options, service, presign, lookAt, failures, signal, surroundings } = job;
  const mapping = openRows(options.mapping, MAPPING_COLUMNS, signal);
  const verification = await writeResults({
    ...{ service, runId: run.runId, mapping, failures, ...expected },
    // A link that was made for VOD has expired by now.
    lookAt: presign === undefined ? lookAt : undefined,
  });
  const isMapped = tryToWrite(mapping.close, job);
  const isKept = tryToWrite(failures.close, job);
  // One of an earlier run would be taken for this one's.
  if (failures.count() === 0) await rm(options.failures, { force: true });
  surroundings.writeOut(
    options.json === true
      ? describeAsJson(run, verification, job)
      : describeEnd(run, verification, { job, isMapped, isKept }),
  );
  const isComplete =
    judgeRun(run) === EXIT.good && failures.count() === 0 && verification.different === 0;
  return isComplete && isMapped && isKept ? EXIT.good : EXIT.no;
}

function describeAsJson(
  run: CountedRun,
  verification: Verification,
  { failures }: PullJob,
): string {
  const { total, states, bytes, reasons } = run;
  return `${JSON.stringify({ type: 'end', total, states, bytes, reasons, verification, refusedHere: failures.refused() })}\n`;
}

function describeEnd(
  { total, states }: CountedRun,
  verification: Verification,
  {
    job,
    isMapped,
    isKept,
  }: { readonly job: PullJob; readonly isMapped: boolean; readonly isKept: boolean },
): string {
  const { options, failures } = job;
  const lines = [
    `${showNumber(states.ready ?? 0)} of ${showNumber(total)} are ready.`,
    ...(failures.refused() === 0 ? [] : [`not sent: ${showNumber(failures.refused())}`]),
    describeVerification(verification),
    ...(isMapped ? [`mapping: ${options.mapping}`] : []),
    ...(isKept && failures.count() > 0 ? [`failures: ${options.failures}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Returns the result of comparing files with their sources, in a line. */
export function describeVerification({ same, different, unknown }: Verification): string {
  return `verified: ${showNumber(same)} match their source, ${showNumber(different)} differ, ${showNumber(unknown)} could not be compared`;
}

/** Completes the list of failures where nothing is waited for, and says where it is. */
export function keepFailures(job: PullJob): void {
  const { options, failures, surroundings } = job;
  if (!tryToWrite(failures.close, job) || failures.count() === 0) return;
  surroundings.writeError(`failures: ${options.failures}\n`);
}

/** Returns whether it was written. The run does not depend on it, so a failure is only reported. */
function tryToWrite(
  write: () => void,
  { options, surroundings }: Pick<PullJob, 'options' | 'surroundings'>,
): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const later = `The run is kept by the service: "vod-upload runs show ${options.run} --mapping FILE --failures FILE" writes what became of it.`;
    surroundings.writeError(`${error.message} ${asTyped(later, surroundings.environment)}\n`);
    return false;
  }
}
