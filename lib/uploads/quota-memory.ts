import type { Quotas } from '../model/quotas.ts';
import { Problem, type QuotaRefusal } from '../problem.ts';
import type { Clock } from '../system.ts';

/**
 * Counts a new upload of `owner` against the quotas.
 *
 * @throws {Problem} `quota_exceeded` if too many began within a minute in this instance, or `ledger_required` if a
 * quota needs counts that only a ledger has.
 */
export type BeginUpload = (owner: string, quotas: Quotas) => void;

const MINUTE = 60_000;

/**
 * Creates the check of quotas without a ledger, which counts in one instance during its life. It stores only the
 * uploads that began in the instance within the last minute.
 */
export function createQuotaMemory(clock: Pick<Clock, 'now'>): BeginUpload {
  /** Times at which uploads began, by owner; owners are in the order of their latest upload. */
  const begun = new Map<string, number[]>();
  const forget = (before: number) => {
    for (const [owner, times] of begun) {
      if ((times.at(-1) ?? 0) > before) return;
      begun.delete(owner);
    }
  };
  return (owner, quotas) => {
    requireCountable(quotas);
    const { signaturesPerMinute: limit } = quotas;
    if (limit === undefined) return;

    const time = clock.now();
    forget(time - MINUTE);
    const times = (begun.get(owner) ?? []).filter((each) => each > time - MINUTE);
    const used = times.length;
    if (used >= limit) {
      const roomAt = (times[used - limit] ?? time) + MINUTE;
      const retryAfter = Math.max(1, Math.ceil((roomAt - time) / 1_000));
      throw quotaExceeded({ rule: 'signaturesPerMinute', limit, used, retryAfter });
    }
    begun.delete(owner);
    begun.set(owner, [...times, time]);
  };
}

/** Throws for quotas that cannot be counted here: other functions and instances learn the results of uploads. */
function requireCountable(quotas: Quotas): void {
  const uncountable = (['openUploads', 'bytesPerDay'] as const).filter(
    (rule) => quotas[rule] !== undefined,
  );
  if (uncountable.length === 0) return;
  throw new Problem(
    `The policy bounds "${uncountable.join('" and "')}", which this service cannot count without a record of uploads: set DATABASE_URL to the URL of a PostgreSQL database.`,
    { code: 'ledger_required' },
  );
}

const USED: Readonly<Record<QuotaRefusal['rule'], string>> = {
  signaturesPerMinute: 'uploads began within the last minute',
  openUploads: 'uploads are in progress',
  bytesPerDay: 'bytes were uploaded within the last day',
};

/** Returns the problem of an upload for which a quota has no room. */
export function quotaExceeded(quota: QuotaRefusal): Problem {
  const { rule, limit, used, retryAfter } = quota;
  return new Problem(
    `The quota "${rule}" is used up: ${used} ${USED[rule]}, of at most ${limit}. Retry in ${retryAfter} seconds.`,
    { code: 'quota_exceeded', quota, headers: { 'Retry-After': String(retryAfter) } },
  );
}
