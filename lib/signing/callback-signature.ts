import { hash } from 'node:crypto';
import { secretEqual } from './secrets.ts';

/** The two values by which an event notification proves its sender. */
export interface CallbackSignature {
  /** Hexadecimal MD5 of the key followed by `t`; the case of its letters is not documented. */
  readonly sign: string;
  /** Unix seconds until which the notification is valid, as text, unchanged. */
  readonly t: string;
}

/** Why a notification is not accepted. */
export type CallbackRefusal = 'mismatch' | 'expired' | 'too_far_ahead';

/** `key` is the index of the matching key. */
export type CallbackVerdict =
  | { readonly authentic: true; readonly key: number }
  | { readonly authentic: false; readonly refusal: CallbackRefusal };

/**
 * VOD sets `T` 10 minutes ahead; 5 more minutes allow for clocks that differ.
 *
 * @see https://cloud.tencent.com/document/product/266/33779
 */
const MAX_AHEAD_SECONDS = 15 * 60;

/**
 * Returns whether `signature` was made with one of `keys` and is valid at `nowSeconds`. Never throws.
 *
 * It proves nothing else: `Sign` covers neither the body nor the URL.
 */
export function verifyCallbackSignature(
  signature: CallbackSignature,
  keys: readonly string[],
  nowSeconds: number,
): CallbackVerdict {
  const sign = signature.sign.toLowerCase();
  // Every key is tried, even after a match, so that the time does not reveal which one is in use.
  let key = -1;
  for (const [index, candidate] of keys.entries()) {
    if (secretEqual(sign, signCallback(candidate, signature.t))) key = index;
  }
  if (key === -1 || !/^\d{1,15}$/.test(signature.t)) return refuse('mismatch');

  const expiresAt = Number(signature.t);
  if (expiresAt < nowSeconds) return refuse('expired');
  if (expiresAt > nowSeconds + MAX_AHEAD_SECONDS) return refuse('too_far_ahead');
  return { authentic: true, key };
}

function signCallback(key: string, t: string): string {
  return hash('md5', key + t);
}

function refuse(refusal: CallbackRefusal): CallbackVerdict {
  return { authentic: false, refusal };
}
