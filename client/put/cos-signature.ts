import { createHmac, hash } from 'node:crypto';

/** A request to COS. */
export interface CosRequest {
  /** Lower case. */
  readonly method: 'get' | 'head' | 'put' | 'post' | 'delete';
  /** Path of the object, which begins with a slash, as it is before it is encoded. */
  readonly path: string;
  /** Parameters of the query, as they are before they are encoded. */
  readonly parameters?: Readonly<Record<string, string>>;
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
  { method, path, parameters = {}, headers }: CosRequest,
  { secretId, secretKey }: { readonly secretId: string; readonly secretKey: string },
  now: number,
): string {
  // Two minutes of the past, for a clock that is ahead.
  const begin = Math.floor(now / 1_000) - 120;
  const time = `${begin};${begin + VALID_SECONDS}`;
  const [query, sent] = [listSigned(parameters), listSigned(headers)];
  const request = hash('sha1', `${method}\n${path}\n${query.pairs}\n${sent.pairs}\n`);
  const key = hmac(secretKey, time);
  const signature = hmac(key, `sha1\n${time}\n${request}\n`);
  return [
    'q-sign-algorithm=sha1',
    `q-ak=${secretId}`,
    `q-sign-time=${time}`,
    `q-key-time=${time}`,
    `q-header-list=${sent.names}`,
    `q-url-param-list=${query.names}`,
    `q-signature=${signature}`,
  ].join('&');
}

/** Returns names and pairs in the form in which they are signed: names in lower case, and sorted. */
function listSigned(fields: Readonly<Record<string, string>>) {
  const signed = Object.entries(fields)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    names: signed.map(([name]) => name).join(';'),
    pairs: signed.map(([name, value]) => `${name}=${encode(value)}`).join('&'),
  };
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
