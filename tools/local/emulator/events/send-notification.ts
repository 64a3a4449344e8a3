import type { ActivityLog } from '../../activity.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { PendingNotification } from '../state.ts';
import { type NotificationProof, signNotification } from './sign-notification.ts';

/** The address for notifications, and the key that signs them. */
export interface NotificationTarget {
  /** Empty if there is none: then nothing is sent. */
  readonly url: string;
  /** Key of `Sign`. Empty if there is none: then there is no `Sign` and no `T`. */
  readonly signKey: string;
}

/** How notifications are sent. */
export interface SendOptions {
  /** Called before each attempt, since the target may change at any time. */
  readonly target: () => NotificationTarget;
  readonly activity: ActivityLog;
  readonly clock: Pick<Clock, 'now' | 'wait'>;
  /** How long the receiver may take; the service's documented 5,000 by default. */
  readonly timeoutMilliseconds?: number;
  /** Waits before each attempt: three, as documented; the pauses of 0, 1,000 and 1,000 are our choice. */
  readonly attemptWaits?: readonly number[];
}

type Attempt = { readonly status: number } | { readonly error: string };

/** The simulated faults of a notification. */
export interface Strikes {
  readonly wrongSign: boolean;
  readonly expiredT: boolean;
  readonly copies: 1 | 2;
}

const DEFAULT_WAITS = [0, 1_000, 1_000] as const;
const DEFAULT_TIMEOUT = 5_000;
const EXPIRED_AGO_SECONDS = 1_200;

function describeFailure(error: unknown, timeoutMilliseconds: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMilliseconds} ms`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** Takes the faults of the next notification from the switches, and returns them. */
export function takeStrikes(faults: Faults): Strikes {
  return {
    wrongSign: faults.take('wrong-sign') !== undefined,
    expiredT: faults.take('expired-t') !== undefined,
    copies: faults.take('duplicate-callback') === undefined ? 1 : 2,
  };
}

function buildProof(
  options: SendOptions,
  signKey: string,
  strikes: Strikes,
): NotificationProof | undefined {
  if (signKey === '') return undefined;
  const nowSeconds = Math.floor(options.clock.now().getTime() / 1_000);
  const sentSeconds = strikes.expiredT ? nowSeconds - EXPIRED_AGO_SECONDS : nowSeconds;
  const key = strikes.wrongSign ? `not ${signKey}` : signKey;
  return signNotification(key, sentSeconds);
}

async function sendOnce(
  options: SendOptions,
  url: string,
  body: string,
  closing: AbortSignal,
): Promise<Attempt> {
  const { timeoutMilliseconds = DEFAULT_TIMEOUT } = options;
  if (url === '') return { error: 'no NotificationUrl is set' };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMilliseconds), closing]),
    });
    await response.body?.cancel();
    return { status: response.status };
  } catch (error) {
    return { error: describeFailure(error, timeoutMilliseconds) };
  }
}

function reportAttempt(
  activity: ActivityLog,
  { eventType, fileId, event }: PendingNotification,
  attempt: number,
  outcome: Attempt,
): void {
  activity.report({
    type: 'notification',
    ...{ eventType, attempt, fileId, event },
    outcome: 'status' in outcome ? 'delivered' : 'failed',
    ...outcome,
  });
}

/**
 * Sends a notification until there is an answer, with any status, or the attempts are used up; each has a fresh `Sign`
 * and `T` and is reported. Returns false if `closing` interrupted it.
 */
export async function sendNotification(
  options: SendOptions,
  pending: PendingNotification,
  strikes: Strikes,
  closing: AbortSignal,
): Promise<boolean> {
  const { clock, attemptWaits = DEFAULT_WAITS } = options;
  for (const [index, milliseconds] of attemptWaits.entries()) {
    if (milliseconds > 0) {
      const what = `attempt ${index + 1} to send ${pending.eventType}`;
      await clock.wait(milliseconds, { signal: closing, what }).catch(() => {});
    }
    if (closing.aborted) return false;
    const { url, signKey } = options.target();
    const body = JSON.stringify({ ...pending.event, ...buildProof(options, signKey, strikes) });
    const outcome = await sendOnce(options, url, body, closing);
    if (closing.aborted && 'error' in outcome) return false;
    reportAttempt(options.activity, pending, index + 1, outcome);
    if ('status' in outcome || url === '') return true;
  }
  return true;
}
