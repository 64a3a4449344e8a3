import { createHmac, hash } from 'node:crypto';

/** A request to COS without parameters. */
export interface CosRequest {
  /** Lower case. */
  readonly method: 'put';
  /** Path of the object, which begins with a slash, as it is before it is encoded. */
  readonly path: string;
  /** Headers that the signature covers: their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Seconds for which a signature is valid: longer than a request takes, and than clocks differ. */
const VALID_SECONDS = 900;

/**
 * Returns the value of the header `Authorization` of a request to COS.
 *
 * @param now Unix milliseconds.
 * @see https://cloud.tencent.com/document/product/436/7778
 */
export function signCosRequest(
  { method, path, headers }: CosRequest,
  { secretId, secretKey }: { readonly secretId: string; readonly secretKey: string },
  now: number,
): string {
  // Two minutes of the past, for a clock that is ahead.
  const begin = Math.floor(now / 1_000) - 120;
  const time = `${begin};${begin + VALID_SECONDS}`;
  const signed = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const pairs = signed.map(([name, value]) => `${name}=${encode(value)}`).join('&');
  const request = hash('sha1', `${method}\n${path}\n\n${pairs}\n`);
  const key = hmac(secretKey, time);
  const signature = hmac(key, `sha1\n${time}\n${request}\n`);
  return [
    'q-sign-algorithm=sha1',
    `q-ak=${secretId}`,
    `q-sign-time=${time}`,
    `q-key-time=${time}`,
    `q-header-list=${names}`,
    'q-url-param-list=',
    `q-signature=${signature}`,
  ].join('&');
}

function hmac(key: string, text: string): string {
  return createHmac('sha1', key).update(text).digest('hex');
}

/** All characters except letters, digits and `-_.~` are encoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
