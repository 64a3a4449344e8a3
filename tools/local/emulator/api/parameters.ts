import * as v from 'valibot';
import { type Account, findSubAppId } from '../account.ts';
import { isoTimeOf } from '../new-media.ts';
import { secondsOf } from '../ugc/dependencies.ts';
import { type ApiErrorCode, apiError } from './api-error.ts';
import type { ApiServices } from './services.ts';

/** A whole number that JSON can represent exactly. */
export const integer = v.pipe(v.number(), v.safeInteger());

/** `SubAppId`, which selects the application before the action is performed. */
export const application = { SubAppId: v.optional(integer) };

/** Returns the application that `SubAppId` names. @throws ApiError if the account has no such application. */
export function demandSubAppId(account: Account, named: number): number {
  const subAppId = findSubAppId(account, named);
  if (subAppId !== undefined) return subAppId;
  throw apiError(
    'InvalidParameterValue.SubAppId',
    `SubAppId ${named} is not an application of this account`,
  );
}

/** Text of at most `most` bytes. For contexts the documentation says "characters"; bytes are the stricter reading. */
function textOfBytes(most: number) {
  return v.pipe(v.string(), v.maxBytes(most, `must not be longer than ${most} bytes`));
}

/** Text of at most `most` characters, counted as Unicode code points. */
export function textOfCharacters(most: number) {
  return v.pipe(
    v.string(),
    v.check((text) => [...text].length <= most, `must not be longer than ${most} characters`),
  );
}

/** An ISO 8601 time with its zone. */
export const isoTime = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/, 'must be ISO 8601'),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'must be a time that exists'),
);

/** Common parameters of actions that start a processing flow. */
export const flow = {
  priority: v.pipe(integer, v.minValue(-10), v.maxValue(10)),
  sessionContext: textOfBytes(1_000),
  sessionId: textOfBytes(50),
};

/** `SourceContext`. */
export const sourceContext = textOfBytes(250);

/** Returns the text, or undefined where it is absent or empty: both mean the same for every parameter that is text. */
export function givenText(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/**
 * Returns the time at which a media expires, null if none is given.
 *
 * @param overCode code for a time in the past.
 * @throws ApiError
 */
export function readExpireTime(
  api: Pick<ApiServices, 'now'>,
  text: string | undefined,
  overCode: ApiErrorCode,
): string | null {
  if (text === undefined || text === '') return null;
  const result = v.safeParse(isoTime, text);
  if (!result.success) {
    throw apiError('InvalidParameterValue.ExpireTime', `ExpireTime: ${result.issues[0].message}`);
  }
  const time = new Date(text);
  if (time <= api.now()) throw apiError(overCode, `ExpireTime: ${text} is over`);
  return isoTimeOf(time);
}

/** Returns the extension of a name or path in lower case, undefined if there is none. */
export function extensionOf(path: string): string | undefined {
  return /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase();
}

/**
 * Marks an action's `SessionId` as used for `seconds`; the caller saves the state. An absent or empty one does
 * not count.
 *
 * @throws ApiError if it has been used already.
 */
export function claimSessionId(
  api: ApiServices,
  action: string,
  sessionId: string | undefined,
  seconds: number,
): void {
  if (sessionId === undefined || sessionId === '') return;
  const key = `${action} ${sessionId}`;
  const nowSeconds = secondsOf(api.now);
  if ((api.state.usedSessionIds.get(key)?.expiresAt ?? 0) > nowSeconds) {
    throw apiError('InvalidParameterValue.SessionId', `SessionId ${sessionId} was used before`);
  }
  api.state.usedSessionIds.set(key, { key, expiresAt: nowSeconds + seconds });
}
