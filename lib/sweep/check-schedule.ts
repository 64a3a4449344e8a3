import type { Upload } from '../model/upload.ts';
import { isFinished } from '../model/upload-state.ts';
import type { Random } from '../system.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * How long a client may continue after its permission has ended: an upload that began in time can be resumed for a day,
 * in its session.
 *
 * @see https://cloud.tencent.com/document/product/266/33921
 */
export const GRACE_MILLISECONDS = DAY;

/** Pauses between checks, by the time since the last report about the upload. */
const PAUSES = [
  { silence: 30 * MINUTE, pause: 10 * MINUTE },
  { silence: 3 * HOUR, pause: 30 * MINUTE },
  { silence: DAY, pause: 2 * HOUR },
  { silence: Number.POSITIVE_INFINITY, pause: 12 * HOUR },
] as const;

/** After this time, a scan has seen all files that arrived before. */
const SCAN_MILLISECONDS = 20 * MINUTE;

/** A file may be deleted without a notification; that is found within as long again as its upload has not changed. */
const FILE_PAUSE = { shortest: DAY, longest: 90 * DAY } as const;

/**
 * When a file that VOD does not have counts as deleted: as long as an application must have been refused, so that an operator
 * can repair a wrong key or application until then.
 */
export const MISSING_PATIENCE = { looks: 3, milliseconds: DAY } as const;

/** Milliseconds until VOD is asked again about a file that it does not have. */
export const MISSING_PAUSE_MILLISECONDS = 12 * HOUR;

/** Part by which a pause is longer at most, so that files that came together are not due together for ever. */
const JITTER = 0.25;

/** Checks of an application's files are due at one moment in this time, so that VOD is asked about full pages of them. */
const GATHERING_MILLISECONDS = HOUR;

/** Any odd number; it puts the moments of different applications apart. */
const APART_MILLISECONDS = 97_003;

/**
 * Returns when VOD is to be asked about `upload` again, in Unix milliseconds; undefined for never.
 *
 * @param now Unix milliseconds.
 */
export function scheduleCheck(
  upload: Upload,
  now: number,
  random: Pick<Random, 'fraction'>,
): number | undefined {
  const { state, method, fileId, taskId, updatedAt, expiresAt } = upload;
  if (state === 'ready' || (state === 'failed' && fileId !== undefined)) {
    return scheduleFile(upload, now, random);
  }
  if (isFinished(state)) return undefined;
  const silence = now - updatedAt;
  const { pause } = PAUSES.find((step) => silence < step.silence) ?? { pause: DAY };
  const next = now + pause;
  // Only the client knows more, until a scan finds its file or it expires.
  const waits = method !== 'pull' && fileId === undefined && taskId === undefined;
  if (!waits || expiresAt === undefined) return next;
  const over = expiresAt + GRACE_MILLISECONDS + SCAN_MILLISECONDS;
  return over > now ? over : next;
}

/** The pause doubles each time, from a day to 90 days. */
function scheduleFile(
  { updatedAt, subAppId = 0 }: Upload,
  now: number,
  random: Pick<Random, 'fraction'>,
) {
  const { shortest, longest } = FILE_PAUSE;
  const pause =
    Math.min(Math.max(now - updatedAt, shortest), longest) * (1 + random.fraction() * JITTER);
  const offset = (subAppId * APART_MILLISECONDS) % GATHERING_MILLISECONDS;
  const slots = Math.ceil((now + pause - offset) / GATHERING_MILLISECONDS);
  return slots * GATHERING_MILLISECONDS + offset;
}
