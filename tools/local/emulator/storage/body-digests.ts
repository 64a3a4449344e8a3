import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { CosError, type CosErrorCode } from './cos-error.ts';
import { headerValue } from './signed-request.ts';

interface Digest {
  readonly header: string;
  readonly expected: string;
  readonly refusal: CosErrorCode;
  update(chunk: Buffer): void;
  result(): string;
}

/** Payload hash of a client that does not hash its body. */
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/**
 * Returns the digests of the body in `headers`: `Content-MD5`, `x-amz-content-sha256`, `x-amz-checksum-crc32`.
 *
 * @throws CosError `InvalidDigest` for a malformed Content-MD5, `NotImplemented` for a payload in signed chunks, which
 * the browser SDKs never send.
 */
export function announcedDigests(headers: IncomingHttpHeaders): readonly Digest[] {
  const md5 = headerValue(headers, 'content-md5');
  const sha256 = headerValue(headers, 'x-amz-content-sha256');
  const crc = headerValue(headers, 'x-amz-checksum-crc32');
  if (md5 !== undefined && !/^[A-Za-z0-9+/]{22}==$/.test(md5)) {
    throw new CosError('InvalidDigest', 'Content-MD5 must be the base64 of 16 bytes');
  }
  if (sha256?.startsWith('STREAMING-')) {
    throw new CosError(
      'NotImplemented',
      `x-amz-content-sha256 ${sha256} is not known here, send a SHA-256 or ${UNSIGNED_PAYLOAD}`,
    );
  }
  return [
    ...(md5 === undefined
      ? []
      : [hashDigest('Content-MD5', md5, 'BadDigest', createHash('md5'), 'base64')]),
    ...(sha256 === undefined || sha256 === UNSIGNED_PAYLOAD
      ? []
      : [
          hashDigest(
            'x-amz-content-sha256',
            sha256,
            'XAmzContentSHA256Mismatch',
            createHash('sha256'),
            'hex',
          ),
        ]),
    ...(crc === undefined ? [] : [crcDigest(crc)]),
  ];
}

/** Passes `chunks` on. @throws CosError after the last one if one of `digests` differs. */
export async function* checkDigests(
  chunks: AsyncIterable<Buffer>,
  digests: readonly Digest[],
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    for (const digest of digests) digest.update(chunk);
    yield chunk;
  }
  for (const digest of digests) {
    const result = digest.result();
    if (result === digest.expected) continue;
    throw new CosError(
      digest.refusal,
      `The body received has the digest ${result}, ${digest.header} says ${digest.expected}`,
    );
  }
}

function hashDigest(
  header: string,
  expected: string,
  refusal: CosErrorCode,
  hash: Hash,
  encoding: 'base64' | 'hex',
): Digest {
  const update = (chunk: Buffer) => void hash.update(chunk);
  return { header, expected, refusal, update, result: () => hash.digest(encoding) };
}

function crcDigest(expected: string): Digest {
  let value = 0;
  return {
    header: 'x-amz-checksum-crc32',
    expected,
    refusal: 'BadDigest',
    update(chunk) {
      value = crc32(chunk, value);
    },
    result() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
}
