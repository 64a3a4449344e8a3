import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Upload } from '../model/upload.ts';
import { clock, type Deadline, random } from '../system.ts';
import type { Environment } from './environment.ts';
import type { ReadProgress } from './progress-source.ts';

/** Variables of a role's credentials, and of a key. */
const CREDENTIALS = [
  ['TENCENTCLOUD_SECRETID', 'TENCENTCLOUD_SECRETKEY', 'TENCENTCLOUD_SESSIONTOKEN'],
  ['VOD_SECRET_ID', 'VOD_SECRET_KEY'],
];

/**
 * Returns the way to ask VOD about pulls, whose code is loaded when it is first needed; undefined without credentials for
 * VOD's API, and without a ledger.
 */
export function openProgressLazily(
  environment: Environment,
  ledger: WithLedger | undefined,
): ReadProgress | undefined {
  if (
    ledger === undefined ||
    !CREDENTIALS.some((names) => names.every((name) => environment[name]))
  )
    return undefined;
  let opened: Promise<ReadProgress> | undefined;
  return async (pull, deadline) => {
    opened ??= import('./progress-source.ts').then(({ openPullProgress }) =>
      openPullProgress(environment, ledger, { clock, random }),
    );
    return (await opened)(pull, deadline);
  };
}

/**
 * Returns how much of an upload's file there is, in percent, until it is there: what VOD says of a pull that it fetches, and
 * what the client reports of its own.
 */
export async function readWhileIssued(
  upload: Upload,
  call: {
    readonly deadline: Deadline;
    readonly ledger: WithLedger;
    readonly readProgress?: ReadProgress | undefined;
  },
): Promise<{ readonly progress?: number }> {
  const { state, method, taskId } = upload;
  if (state !== 'issued') return {};
  if (method === 'client') {
    const { readSent } = await import('../uploads/report-progress.ts');
    return readSent(upload, call.ledger);
  }
  if (method !== 'pull' || taskId === undefined) return {};
  const progress = await call.readProgress?.(upload, call.deadline);
  return progress === undefined ? {} : { progress };
}
