import type { Done, Failed, Retry } from '../model/attempt.ts';
import { Problem } from '../problem.ts';
import type { Clock } from '../system.ts';
import type { JsonObject } from '../validation/json-object.ts';
import type { CallOptions } from '../vod/call.ts';
import type { RepeatablePullUpload, VodApi } from '../vod/client.ts';
import { toUploadProblem } from './prepare-pull.ts';

/** A queued pull that is claimed. */
interface WaitingPull {
  /** The request that was enqueued. */
  readonly request: JsonObject;
  /** Counts from 1. */
  readonly attempt: number;
}

/** Result of sending a queued pull: VOD has it, it is to be sent again, or VOD refuses it. */
export type SentPull =
  /** Without `taskId` if VOD accepted it in an earlier attempt whose answer was lost. */
  | (Done & { readonly taskId?: string })
  | (Retry & { readonly at: number })
  | (Failed & { readonly problem: JsonObject });

const FIRST_PAUSE_MILLISECONDS = 5_000;
const MAX_PAUSE_MILLISECONDS = 30 * 60 * 1_000;

/**
 * Attempts for one pull, which take about two days. VOD recognises a `SessionId` for three days, so no attempt can pull
 * again what an earlier one has pulled: https://cloud.tencent.com/document/product/266/35575.
 */
const MAX_ATTEMPTS = 100;

/**
 * Returns the result of sending a queued pull. Only VOD's refusal of the pull itself ends it; any other error, even a
 * key that VOD does not accept, may be resolved by the next attempt.
 *
 * @throws the error of reading the credentials, or the reason of an aborted signal; then nothing is known about the
 * pull.
 */
export async function sendQueuedPull(
  { request, attempt }: WaitingPull,
  {
    api,
    clock,
  }: {
    readonly api: Pick<VodApi, 'pullUpload'>;
    readonly clock: Pick<Clock, 'now'>;
  },
  options: CallOptions,
): Promise<SentPull> {
  if (!isPullUpload(request)) throw new Error('A queued pull does not say what to pull.');
  try {
    const outcome = await api.pullUpload(request, options);
    return outcome.kind === 'accepted'
      ? { kind: 'done', taskId: outcome.taskId }
      : { kind: 'done' };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'upstream_rejected' || attempt >= MAX_ATTEMPTS) {
      return { kind: 'failed', error: error.code, problem: { ...toUploadProblem(error) } };
    }
    const pause = FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1);
    const at = clock.now() + Math.min(pause, MAX_PAUSE_MILLISECONDS);
    return { kind: 'retry', error: error.code, at };
  }
}

function isPullUpload(request: JsonObject): request is JsonObject & RepeatablePullUpload {
  return typeof request['MediaUrl'] === 'string' && typeof request['SessionId'] === 'string';
}
