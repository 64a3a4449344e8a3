import type { CallbackConfig } from '../config/callback-config.ts';
import type { ContextConfig } from '../config/context-config.ts';
import type { TrustedContexts } from '../model/source-context.ts';
import { APPLICATION_PARAMETER, type Applications } from '../policy/applications.ts';
import { Problem, refuseFields } from '../problem.ts';
import {
  type HttpEvent,
  parseJsonBody,
  readBodyText,
  readHeader,
  readQuery,
  readQueryFields,
} from '../runtime/http-event.ts';
import type { LogFields } from '../runtime/invocation.ts';
import {
  type CallbackRefusal,
  type CallbackSignature,
  verifyCallbackSignature,
} from '../signing/callback-signature.ts';
import { deriveSignKey, type TrustedSignKeys } from '../signing/secrets.ts';
import { findExceeded, isJsonObject, type JsonBounds } from '../validation/json-object.ts';
import { MAX_NOTIFICATION_BYTES, MAX_SIGNATURE_SECONDS } from '../validation/limits.ts';
import type { RawEvent } from '../vod/event.ts';

/** What a notification is judged by. */
interface Judgement {
  readonly applications: Applications;
  readonly trusted: TrustedSignKeys;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** A notification whose `Sign` proves that VOD has sent it, and not what it says. */
interface VerifiedNotification {
  readonly body: RawEvent;
  /** Application that it is from; undefined where that is the service's own and the configuration names none. */
  readonly subAppId: number | undefined;
}

/**
 * Returns the notification that `event` holds, and from which application it is.
 *
 * @param log gets the application and the key.
 * @throws {Problem} `payload_too_large`, `invalid_json`, or `invalid_request` where it is no JSON object; `unauthorized`
 * where `Sign` fits no key of its application, or its time is over; and `invalid_request` where it is good and there is no
 * such application, which nobody learns without.
 */
export function verifyNotification(
  event: HttpEvent,
  judgement: Judgement,
  log: LogFields,
): VerifiedNotification {
  const body = readNotification(event);
  return { body, subAppId: authenticate(body, event, judgement, log) };
}

/**
 * The notifications that VOD documents have ten levels at most, and values of twelve bytes or more with their names where
 * there are many of them, as in the words of a speech: https://cloud.tencent.com/document/product/266/31773.
 */
const BOUNDS: JsonBounds = { levels: 100, values: Math.floor(MAX_NOTIFICATION_BYTES / 12) };

const EXCEEDED: Readonly<Record<keyof JsonBounds, string>> = {
  levels: `it must have at most ${BOUNDS.levels} levels of objects and lists`,
  values: `it must have at most ${BOUNDS.values} values`,
};

/**
 * Returns the JSON object that a notification is. `Sign` may be inside, so this comes before anybody is known to be VOD, and
 * takes no more than its size deserves.
 */
function readNotification(event: HttpEvent): RawEvent {
  const text = readBodyText(event, MAX_NOTIFICATION_BYTES);
  const exceeded = findExceeded(text, BOUNDS);
  if (exceeded !== undefined) {
    throw new Problem(`Cannot read the notification: ${EXCEEDED[exceeded]}.`, {
      code: 'invalid_request',
    });
  }
  const body = text === '' ? undefined : parseJsonBody(event, text);
  if (!isJsonObject(body)) {
    throw new Problem('Cannot read the notification: it must be a JSON object.', {
      code: 'invalid_request',
    });
  }
  return body;
}

/**
 * Returns from which application a notification is, undefined where that is the service's own and the configuration names
 * none. No notification says so; it is in the address that each application was given, and `Sign` proves it: each
 * application signs with a key of its own.
 */
function authenticate(
  body: RawEvent,
  event: HttpEvent,
  { applications, trusted, receivedAt }: Judgement,
  log: LogFields,
): number | undefined {
  const signature = findSignature(body, event);
  if (signature === undefined) {
    throw new Problem('The notification has no "Sign" and "T".', { code: 'unauthorized' });
  }
  const address = readAddress(event, applications);
  const { kind, subAppId } = address;
  if (kind === 'tenant' && subAppId !== undefined) log.subAppId = subAppId;
  const nowSeconds = Math.floor(receivedAt / 1_000);
  const verdict = verifyCallbackSignature(signature, listKeys(address, trusted), nowSeconds);
  if (!verdict.authentic) throw refuseSign(verdict.refusal, event);
  if (kind === 'unknown') {
    throw refuseFields([{ path: APPLICATION_PARAMETER, message: UNKNOWN_APPLICATION }]);
  }
  const { length } = trusted.signKeys;
  log.signKey = verdict.key % length;
  if (kind === 'tenant' && verdict.key >= length) log.sharedSignKey = true;
  return subAppId;
}

/** Which application a notification says that it is from, which `Sign` has to prove. */
interface Address {
  /** `unknown` where this service has no such application. */
  readonly kind: 'own' | 'tenant' | 'unknown';
  /** Undefined where it is no number, or is the service's own and the configuration names none. */
  readonly subAppId: number | undefined;
}

function readAddress(event: HttpEvent, [own, ...tenants]: Applications): Address {
  // A list of several is no text, but it is not nothing either: nothing means the service's own.
  const { [APPLICATION_PARAMETER]: named } = readQueryFields(event);
  if (named === undefined) return { kind: 'own', subAppId: own };
  const subAppId = readSubAppId(named);
  if (subAppId === undefined) return { kind: 'unknown', subAppId };
  if (subAppId === own) return { kind: 'own', subAppId };
  return { kind: tenants.includes(subAppId) ? 'tenant' : 'unknown', subAppId };
}

/** Returns the keys that an application may sign with; those of an unknown one are good for learning that it is unknown. */
function listKeys(
  { kind, subAppId }: Address,
  { signKeys, acceptsShared }: TrustedSignKeys,
): readonly string[] {
  if (kind === 'own' || subAppId === undefined) return signKeys;
  const derived = signKeys.map((key) => deriveSignKey(key, subAppId));
  return kind === 'unknown' || acceptsShared ? [...derived, ...signKeys] : derived;
}

/** Returns the number that `named` spells as VOD is told it by `vod-upload setup`; undefined where it spells none. */
function readSubAppId(named: unknown): number | undefined {
  if (typeof named !== 'string') return undefined;
  const subAppId = Number(named);
  return Number.isSafeInteger(subAppId) && String(subAppId) === named ? subAppId : undefined;
}

const UNKNOWN_APPLICATION =
  'must be the number of an application of this service: compare the address that VOD was given';

/** Applications that there are and others are refused in the same words. */
function refuseSign(refusal: CallbackRefusal, event: HttpEvent): Problem {
  const isNamed = APPLICATION_PARAMETER in readQueryFields(event);
  const reason = refusal === 'mismatch' && isNamed ? MISMATCH_OF_NAMED : REFUSAL[refusal];
  return new Problem(reason, { code: 'unauthorized' });
}

const REFUSAL: Readonly<Record<CallbackRefusal, string>> = {
  mismatch: '"Sign" matches none of the configured keys.',
  expired: '"T" is in the past: the notification came too late, or a clock is wrong.',
  too_far_ahead: '"T" is further ahead than VOD sets it: a clock is wrong.',
};

const MISMATCH_OF_NAMED = `"Sign" matches none of the keys of the application that "${APPLICATION_PARAMETER}" names: "vod-upload setup --send-sign-key" gives each its own.`;

/**
 * VOD's documents say that both values are in the notification and not where, so the places are tried in the order of
 * their likelihood: https://cloud.tencent.com/document/product/266/33779.
 */
function findSignature(body: RawEvent, event: HttpEvent): CallbackSignature | undefined {
  return (
    pairSignature(body['Sign'], body['T']) ??
    pairSignature(readQuery(event, 'Sign'), readQuery(event, 'T')) ??
    pairSignature(readHeader(event, 'sign'), readHeader(event, 't'))
  );
}

function pairSignature(sign: unknown, t: unknown): CallbackSignature | undefined {
  if (typeof sign !== 'string') return undefined;
  if (typeof t === 'string') return { sign, t };
  return typeof t === 'number' ? { sign, t: String(t) } : undefined;
}

/**
 * Longest time from now until `CALLBACK_SHARED_SIGN_KEY_UNTIL`, in seconds: a week is our choice. It has to last from a
 * deployment to `vod-upload setup` alone.
 */
export const MAX_SHARED_KEY_SECONDS = 7 * 24 * 60 * 60;

/**
 * Returns what proves notifications at a time.
 *
 * @param now Unix milliseconds.
 */
export function trustSignKeys(
  { signKeys, sharedKeyUntil = 0 }: Pick<CallbackConfig, 'signKeys' | 'sharedKeyUntil'>,
  now: number,
): TrustedSignKeys {
  const grace = judgeGrace(sharedKeyUntil, MAX_SHARED_KEY_SECONDS, now);
  return { signKeys, acceptsShared: grace === 'lasts' };
}

/**
 * Returns what proves contexts at a time. Those without a MAC are taken for uploads that had begun before contexts had one,
 * so that lasts no longer than the longest signature.
 *
 * @param now Unix milliseconds.
 */
export function trustContexts({ keys, v1Until = 0 }: ContextConfig, now: number): TrustedContexts {
  return { keys, acceptsV1: judgeGrace(v1Until, MAX_SIGNATURE_SECONDS, now) === 'lasts' };
}

/** What the end of a grace comes to at a time: it is in force, no more, or not yet. */
export type Grace = 'lasts' | 'is over' | 'is too long';

/**
 * Returns what a grace comes to. One that is longer than it may be does nothing, so that a wrong year is no open door.
 *
 * @param until Unix seconds at which it ends.
 * @param maxSeconds longest time ahead.
 * @param now Unix milliseconds.
 */
export function judgeGrace(until: number, maxSeconds: number, now: number): Grace {
  const seconds = until - now / 1_000;
  if (seconds <= 0) return 'is over';
  return seconds <= maxSeconds ? 'lasts' : 'is too long';
}
