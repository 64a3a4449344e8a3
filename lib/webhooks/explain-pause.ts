import type { LogFields } from '../runtime/invocation.ts';

/** A paused endpoint, and the error of the delivery that was the reason. */
export interface PausedEndpoint {
  readonly endpoint: string;
  readonly error: string;
}

/** Error of a consumer that wants no more messages. */
const GONE = 'http_410';

/**
 * Returns why an endpoint is paused, as a part of a sentence.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#delivery-success-and-failure
 */
export function describePauseReason(error: string): string {
  return error === GONE ? 'it answered 410' : `it had accepted nothing for three days (${error})`;
}

/** Returns the log fields for an endpoint that was just paused. */
export function explainPause({ endpoint, error }: PausedEndpoint): LogFields {
  const why = describePauseReason(error);
  const reason = `The endpoint ${endpoint} is paused: ${why}. Its messages wait, each for three days; once it works again, POST /uploads/endpoints/${endpoint}/resume sends them.`;
  return { level: 'error', endpoint, reason };
}
