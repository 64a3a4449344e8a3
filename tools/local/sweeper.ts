import type { ActivityLog } from './activity.ts';
import type { Gateway } from './gateway/gateway.ts';

/** The summary of a run that the function returned. */
type SweepSummary = Readonly<Record<string, unknown>>;

/** Fires the timer of the `sweep` function. */
export interface Sweeper {
  /**
   * Runs the function now, or after the present run.
   *
   * @throws {SweepFailure} if the function returned no summary.
   */
  run(): Promise<SweepSummary>;
  close(): void;
}

/** A run that ended without a summary. */
export class SweepFailure extends Error {
  override readonly name = 'SweepFailure';
}

/** The interval of the timer in serverless.yml; timers of SCF fire every second at most. */
const INTERVAL_MILLISECONDS = 60_000;
const FUNCTION = 'sweep';

/** Dependencies of the sweeper. */
interface SweeperOptions {
  readonly gateway: Pick<Gateway, 'fire'>;
  readonly activity: ActivityLog;
  readonly now: () => Date;
}

/** Returns a sweeper that fires by itself every minute, one run at a time. */
export function startSweeper({ gateway, activity, now }: SweeperOptions): Sweeper {
  let last: Promise<unknown> = Promise.resolve();

  async function runNow(firedBy: 'timer' | 'hand'): Promise<SweepSummary> {
    const { outcome, milliseconds, log } = await gateway.fire(
      FUNCTION,
      describeTick(now(), firedBy),
    );
    const summary = outcome.kind === 'result' ? toSummary(outcome.value) : undefined;
    const problem = { problem: { detail: explain(outcome) } };
    const failed = summary === undefined || 'problem' in summary;
    activity.report({
      ...{ type: 'sweep', firedBy, milliseconds, failed, log },
      summary: summary ?? problem,
    });
    if (summary === undefined || failed) throw new SweepFailure(explain(outcome));
    return summary;
  }
  function run(firedBy: 'timer' | 'hand'): Promise<SweepSummary> {
    const next = last.then(() => runNow(firedBy));
    last = next.catch(() => undefined);
    return next;
  }

  const timer = setInterval(() => {
    // The report has the error.
    run('timer').catch(() => undefined);
  }, INTERVAL_MILLISECONDS);
  timer.unref();
  return { run: () => run('hand'), close: () => clearInterval(timer) };
}

/** Returns the event of a timer trigger: https://cloud.tencent.com/document/product/583/9708. */
function describeTick(now: Date, firedBy: 'timer' | 'hand'): object {
  return {
    Type: 'Timer',
    TriggerName: 'every-minute',
    Time: `${now.toISOString().slice(0, 19)}Z`,
    // The button starts a run that reconciles immediately.
    Message: firedBy === 'hand' ? 'now' : '',
  };
}

function toSummary(value: unknown): SweepSummary | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function explain(outcome: Awaited<ReturnType<Gateway['fire']>>['outcome']): string {
  switch (outcome.kind) {
    case 'result': {
      const problem: unknown = Reflect.get(Object(toSummary(outcome.value)?.['problem']), 'detail');
      return `The sweep failed: ${typeof problem === 'string' ? problem : 'it gave no summary.'}`;
    }
    case 'timeout':
      return 'The sweep timed out.';
    case 'exit':
      return 'The process of the sweep ended before it answered.';
    case 'error':
      return `The sweep failed: ${outcome.message}`;
  }
}
