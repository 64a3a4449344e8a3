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

/** What a notification is checked against. */
interface Judgement {
  readonly applications: Applications;
  readonly trusted: TrustedSignKeys;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** A notification whose `Sign` proves that VOD has sent it, but not its content. */
interface VerifiedNotification {
  readonly body: RawEvent;
  /** Application that it is from; undefined if that is the service's own and the configuration names none. */
  readonly subAppId: number | undefined;
}

/**
 * Returns the notification in `event`, and the application that it is from.
 *
 * @param log is given the application and the key.
 * @throws {Problem} `payload_too_large`, `invalid_json`, or `invalid_request` if it is not a JSON object;
 * `unauthorized` if `Sign` matches no key of its application, or has expired; and `invalid_request` if `Sign` is valid
 * but there is no such application, which is not revealed without a valid `Sign`.
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
 * The notifications that VOD documents have at most ten levels; where they have many values, such as the words of a
 * speech, each has at least twelve bytes with its name: https://cloud.tencent.com/document/product/266/31773.
 */
const BOUNDS: JsonBounds = { levels: 100, values: Math.floor(MAX_NOTIFICATION_BYTES / 12) };

const EXCEEDED: Readonly<Record<keyof JsonBounds, string>> = {
  levels: `it must have at most ${BOUNDS.levels} levels of objects and lists`,
  values: `it must have at most ${BOUNDS.values} values`,
};

/**
 * Returns a notification as a JSON object. `Sign` may be inside, so this is done before the sender is known to be VOD,
 * and its cost must not exceed what the size of the body justifies.
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
 * Returns the application that a notification is from, undefined if that is the service's own and the configuration
 * names none. The notification itself does not say so; it is in the callback address of each application, and `Sign`
 * proves it, since each application signs with its own key.
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

/** The application in the address of a notification, which `Sign` has to prove. */
interface Address {
  /** `unknown` if this service has no such application. */
  readonly kind: 'own' | 'tenant' | 'unknown';
  /** Undefined if it is not a number, or is the service's own and the configuration names none. */
  readonly subAppId: number | undefined;
}

function readAddress(event: HttpEvent, [own, ...tenants]: Applications): Address {
  // Several values are a list and not a text, but must not be treated as a missing one, which means the service's own.
  const { [APPLICATION_PARAMETER]: named } = readQueryFields(event);
  if (named === undefined) return { kind: 'own', subAppId: own };
  const subAppId = readSubAppId(named);
  if (subAppId === undefined) return { kind: 'unknown', subAppId };
  if (subAppId === own) return { kind: 'own', subAppId };
  return { kind: tenants.includes(subAppId) ? 'tenant' : 'unknown', subAppId };
}

/**
 * Returns the keys that an application may sign with. An unknown one has keys too: with a valid `Sign`, its sender
 * learns that it is unknown.
 */
function listKeys(
  { kind, subAppId }: Address,
  { signKeys, acceptsShared }: TrustedSignKeys,
): readonly string[] {
  if (kind === 'own' || subAppId === undefined) return signKeys;
  const derived = signKeys.map((key) => deriveSignKey(key, subAppId));
  return kind === 'unknown' || acceptsShared ? [...derived, ...signKeys] : derived;
}

/** Returns the number in `named`, in the form that `vod-upload setup` configures in VOD, or undefined. */
function readSubAppId(named: unknown): number | undefined {
  if (typeof named !== 'string') return undefined;
  const subAppId = Number(named);
  return Number.isSafeInteger(subAppId) && String(subAppId) === named ? subAppId : undefined;
}

const UNKNOWN_APPLICATION =
  'must be the number of an application of this service: compare the address that VOD was given';

/** Known and unknown applications are refused with the same message. */
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
 * VOD's documentation says that both values are in the notification, but not where, so the places are tried in the
 * order of their likelihood: https://cloud.tencent.com/document/product/266/33779.
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
 * Longest time from now until `CALLBACK_SHARED_SIGN_KEY_UNTIL`, in seconds: a week is our choice. It only has to last
 * from a deployment to `vod-upload setup`.
 */
export const MAX_SHARED_KEY_SECONDS = 7 * 24 * 60 * 60;

/**
 * Returns the keys that prove notifications at a time.
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
 * Returns what contexts are verified with at a time. Those without a MAC are accepted for uploads that began before
 * contexts had one, so at most for the life of the longest signature.
 *
 * @param now Unix milliseconds.
 */
export function trustContexts({ keys, v1Until = 0 }: ContextConfig, now: number): TrustedContexts {
  return { keys, acceptsV1: judgeGrace(v1Until, MAX_SIGNATURE_SECONDS, now) === 'lasts' };
}

/** State of a grace period at a time. */
export type Grace = 'lasts' | 'is over' | 'is too long';

/**
 * Returns the state of a grace period. One that is too long has no effect, so that a wrong year does not disable the
 * check.
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
