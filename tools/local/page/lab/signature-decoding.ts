const MAC_BYTES = 20;
const TIMES: ReadonlySet<string> = new Set(['currentTimeStamp', 'expireTime']);

/** A decoded upload signature. */
export interface DecodedSignature {
  /** The HMAC-SHA1 in hexadecimal digits. */
  readonly mac: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly value: string;
    /** Present if the parameter is a point in time. */
    readonly at?: Date;
  }[];
}

/** Decodes an upload signature: base64 of 20 bytes of MAC and the query string that they cover. */
export function decodeSignature(signature: string): DecodedSignature {
  const bytes = Uint8Array.from(atob(signature), (character) => character.charCodeAt(0));
  const query = new TextDecoder().decode(bytes.subarray(MAC_BYTES));
  return {
    mac: [...bytes.subarray(0, MAC_BYTES)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(''),
    parameters: [...new URLSearchParams(query)].map(([name, value]) => ({
      name,
      value,
      ...(TIMES.has(name) ? { at: new Date(Number(value) * 1_000) } : {}),
    })),
  };
}
