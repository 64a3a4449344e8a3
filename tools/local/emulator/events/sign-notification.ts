import { createHash } from 'node:crypto';

/** How long a notification's `Sign` is valid, according to the documentation of ModifyEventConfig's `SignKey`. */
const VALID_SECONDS = 600;

/** Proves that an event notification comes from the service, by the rule documented for `SignKey`. */
export interface NotificationProof {
  /** MD5 of key and `T`, lower-case hex (the case is our guess). */
  readonly Sign: string;
  /** Unix seconds after which the receiver must ignore the notification. */
  readonly T: number;
}

/** Returns the proof of a notification that is sent at `nowSeconds` (Unix time). It does not cover the body. */
export function signNotification(signKey: string, nowSeconds: number): NotificationProof {
  const T = nowSeconds + VALID_SECONDS;
  return { Sign: createHash('md5').update(`${signKey}${T}`).digest('hex'), T };
}
