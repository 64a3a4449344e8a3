import { hash, type KeyObject } from 'node:crypto';
import { deriveKey, secretEqual } from '../signing/secrets.ts';

/** Keys that authenticate source contexts, as {@link deriveContextKey} makes them: the first signs, all of them verify. */
export type ContextKeys = readonly [string, ...string[]];

/** Names the use of a key, and the version of what it authenticates: no other use of the same secret has the same key. */
const KEY_LABEL = 'source-context/2';

/** 96 bits in Base64: https://www.rfc-editor.org/rfc/rfc2104#section-5 asks for 80 at least. */
const MAC_LENGTH = 16;

/** Before and behind the MAC, which is the last member of a JSON object. */
const BEGIN = ',"a":"';
const END = '"}';

/** Number of bytes that {@link authenticate} adds to an object's text without its last brace. */
export const MAC_BYTES = BEGIN.length + MAC_LENGTH + END.length;

/** Returns the key for source contexts that comes of `secret`, as {@link deriveKey} makes it. */
export function deriveContextKey(secret: string | KeyObject): string {
  return deriveKey(secret, KEY_LABEL);
}

/**
 * Returns a JSON object with a MAC over all of it as its last member.
 *
 * @param head the object's text without its last brace; it has one member at least.
 * @param subAppId application of VOD that it is for; undefined for the account's main one.
 */
export function authenticate(head: string, key: string, subAppId: number | undefined): string {
  return `${head}${BEGIN}${computeMac(head, key, subAppId)}${END}`;
}

/**
 * Returns the `head` that {@link authenticate} was given for `text` with one of `keys` for one of `subAppIds`; undefined
 * where it was not. Nothing of the text is written anew for that, so another spelling of the same object is no proof.
 */
export function verify(
  text: string,
  keys: ContextKeys,
  subAppIds: readonly (number | undefined)[],
): string | undefined {
  // Hashing takes half of a surrogate pair for U+FFFD, which is another text.
  if (!text.isWellFormed()) return undefined;
  const head = text.slice(0, -MAC_BYTES);
  const isAuthentic = keys.some((key) =>
    subAppIds.some((subAppId) => secretEqual(text, authenticate(head, key, subAppId))),
  );
  return isAuthentic ? head : undefined;
}

/**
 * One pass of SHA-256 over key and text is a sound MAC here, and a tenth of the price of an HMAC in Node.js: to go on from
 * a digest takes all of it (https://en.wikipedia.org/wiki/Length_extension_attack), and 160 of its 256 bits are not told.
 * Keys have one length, applications are numbers and objects begin with a brace, so no two inputs are written alike.
 */
function computeMac(head: string, key: string, subAppId: number | undefined): string {
  return hash('sha256', key + (subAppId ?? '') + head, 'base64url').slice(0, MAC_LENGTH);
}
