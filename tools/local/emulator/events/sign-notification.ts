import { createHash } from 'node:crypto';

/** How long a notification's `Sign` is good for, as the documentation of ModifyEventConfig's `SignKey` says. */
const VALID_SECONDS = 600;

/** What proves that an event notification comes from the service, by the rule documented with `SignKey`. */
export interface NotificationProof {
  /** MD5 of key and `T`, lower-case hex (the case is our guess). */
  readonly Sign: string;
  /** Unix seconds after which the notification is to be dropped. */
  readonly T: number;
}

/** Returns the proof of a notification that is sent at `nowSeconds` (Unix time). It does not cover the body. */
export function signNotification(signKey: string, nowSeconds: number): NotificationProof {
  const T = nowSeconds + VALID_SECONDS;
  return { Sign: createHash('md5').update(`${signKey}${T}`).digest('hex'), T };
}
