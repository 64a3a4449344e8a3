import { hash } from 'node:crypto';
import { Agent } from 'node:https';
import type { RowExport } from '../config/retention-config.ts';
import { exchange } from '../net/exchange.ts';
import { signCosRequest } from '../signing/cos-signature.ts';
import type { Clock } from '../system.ts';
import type { VodCredentials } from '../vod/credentials.ts';
import type { ExportRows } from './prune.ts';

/** Dependencies of the export. */
interface ExportDependencies {
  readonly readCredentials: () => VodCredentials;
  readonly clock: Pick<Clock, 'now'>;
  /** Where COS is, if not at the bucket's own host. */
  readonly origin?: string;
}

/** Milliseconds for one object, which has some hundred kilobytes. */
const TIME_LIMIT = 10_000;
const MAX_ANSWER_BYTES = 65_536;

/** Rows that COS did not store. */
class ExportError extends Error {
  override readonly name = 'ExportError';
  /** `export_` and the status of the answer, or what prevented one. */
  readonly code: string;

  constructor(code: string) {
    super(`What is to be removed could not be stored in COS (${code}), so nothing is removed.`);
    this.code = code;
  }
}

/**
 * Creates the function that stores rows as one object in COS: one row in JSON per line. Its name is made of the time of the
 * last row and of its content. COS checks the content by its MD5, and must answer with the same.
 *
 * The function throws an error with a code that begins with `export_` if COS does not answer so.
 *
 * @see https://cloud.tencent.com/document/product/436/7749
 */
export function createRowExport(
  { bucket, region, prefix }: RowExport,
  { readCredentials, clock, origin }: ExportDependencies,
): ExportRows {
  const host = `${bucket}.cos.${region}.myqcloud.com`;
  const agent = origin === undefined ? new Agent({ keepAlive: true }) : undefined;
  return async (name, rows, until) => {
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const body = Buffer.from(text);
    const digest = hash('md5', body, 'hex');
    const time = new Date(until).toISOString().replaceAll(':', '-');
    const path = `/${prefix}${name}/${time}-${hash('sha256', body).slice(0, 32)}.ndjson`;
    const { token, ...key } = readCredentials();
    const headers = {
      'content-length': String(body.length),
      'content-md5': Buffer.from(digest, 'hex').toString('base64'),
      'content-type': 'application/x-ndjson',
      host,
      ...(token === undefined ? {} : { 'x-cos-security-token': token }),
    };
    const authorization = signCosRequest({ method: 'put', path, headers }, key, clock.now());
    const answer = await exchange({
      url: `${origin ?? `https://${host}`}${path}`,
      method: 'PUT',
      headers: { ...headers, authorization },
      body,
      ...(agent === undefined ? {} : { agent }),
      timeLimit: TIME_LIMIT,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (answer.kind !== 'answered') throw new ExportError(`export_${answer.error}`);
    if (answer.status !== 200) throw new ExportError(`export_http_${answer.status}`);
    // Where COS encrypts with a key of KMS, the ETag is another one.
    const isComparable = answer.headers['x-cos-server-side-encryption'] !== 'cos/kms';
    if (isComparable && answer.headers.etag !== `"${digest}"`) {
      throw new ExportError('export_other_content');
    }
  };
}
