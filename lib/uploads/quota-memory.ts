import type { Quotas } from '../model/quotas.ts';
import { Problem, type QuotaRefusal } from '../problem.ts';

/**
 * Lets an upload of `owner` begin.
 *
 * @throws {Problem} `quota_exceeded` where too many began within a minute in this instance, or `ledger_required` where
 * a quota counts what only a ledger knows.
 */
export type BeginUpload = (owner: string, quotas: Quotas | undefined) => void;

const MINUTE = 60_000;

/**
 * Returns what keeps owners within their quotas without a ledger: in one instance, and for as long as it lives. It
 * remembers no more than what the instance began within a minute.
 */
export function createQuotaMemory(now: () => number): BeginUpload {
  /** Times at which uploads began, by owner; anyone who began one last is last. */
  const begun = new Map<string, number[]>();
  const forget = (before: number) => {
    for (const [owner, times] of begun) {
      if ((times.at(-1) ?? 0) > before) return;
      begun.delete(owner);
    }
  };
  return (owner, quotas) => {
    if (quotas === undefined) return;
    requireCountable(quotas);
    const { signaturesPerMinute: limit } = quotas;
    if (limit === undefined) return;

    const time = now();
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

/** What became of an upload is told to other functions, and to other instances. */
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
  openUploads: 'uploads are on their way',
  bytesPerDay: 'bytes came within the last day',
};

/** Returns the problem of an upload for which a quota has no room. */
export function quotaExceeded(quota: QuotaRefusal): Problem {
  const { rule, limit, used, retryAfter } = quota;
  return new Problem(
    `The quota "${rule}" is used up: ${used} ${USED[rule]}, of at most ${limit}. Come again in ${retryAfter} seconds.`,
    { code: 'quota_exceeded', quota, headers: { 'Retry-After': String(retryAfter) } },
  );
}
