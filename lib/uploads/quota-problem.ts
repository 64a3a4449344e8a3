import { Problem, type QuotaRefusal } from '../problem.ts';

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
