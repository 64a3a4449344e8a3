import { readToken, type Token } from '../backend.ts';
import type { Clock } from './clock.ts';
import type { PutEvent } from './put-environment.ts';
import type { Transport } from './transport.ts';

/** Where the progress of an upload is reported. */
export interface ReportOptions {
  /** Address of `uploads`. */
  readonly uploadsUrl: string;
  readonly token: Token;
  readonly transport: Pick<Transport, 'send'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Bytes of the file; undefined if that is known at its end only. */
  readonly size: number | undefined;
}

/** Tells the service how an upload goes. Reports that it does not take affect the upload in no way. */
export interface ProgressReport {
  readonly onEvent: (event: PutEvent) => void;
  /** Reports that all was sent, and its checksum. Never rejects. */
  readonly end: (file: { readonly size: number; readonly crc64: string }) => Promise<void>;
}

/** Least time between two reports. */
const PAUSE_MILLISECONDS = 5_000;

/** Longest time for one report: the upload may wait for the last one. */
const MAX_MILLISECONDS = 5_000;

/** Creates the reports of one upload. */
export function createProgressReport(options: ReportOptions): ProgressReport {
  const { clock, size } = options;
  let uploadId: string | undefined;
  let sent = 0;
  let nextAt = clock.monotonic() + PAUSE_MILLISECONDS;
  let isWanted = true;
  let busy: Promise<unknown> | undefined;
  /** Returns whether it is worth to try the same again. */
  const report = async (body: object): Promise<boolean> => {
    if (uploadId === undefined) return false;
    const status = await send(uploadId, JSON.stringify(body), options);
    // There is no database, or no right, or the upload has ended; others may pass.
    if (status === 501 || (status >= 400 && status < 500 && status !== 429)) isWanted = false;
    return isWanted && (status === 0 || status >= 400);
  };
  return {
    onEvent(event) {
      if (event.type === 'permitted') ({ uploadId } = event);
      else if (event.type === 'sent' || event.type === 'resumed') sent += event.bytes;
      else if (event.type === 'restarted') sent = 0;
      if (!isWanted || size === undefined || busy !== undefined || clock.monotonic() < nextAt)
        return;
      nextAt = clock.monotonic() + PAUSE_MILLISECONDS;
      busy = report({ size, sent: Math.max(0, Math.min(sent, size)) }).finally(() => {
        busy = undefined;
      });
    },
    async end(file) {
      await busy;
      const whole = { size: file.size, sent: file.size, crc64: file.crc64 };
      // Without its checksum nobody finds the file again.
      if (isWanted && (await report(whole))) await report(whole);
    },
  };
}

const UNAUTHORIZED = 401;

/** Returns the status of the answer; 0 without one. */
async function send(
  uploadId: string,
  text: string,
  { uploadsUrl, token, transport }: ReportOptions,
): Promise<number> {
  const bytes = Buffer.from(text);
  const signal = AbortSignal.timeout(MAX_MILLISECONDS);
  const isLate = new Promise<number>((resolve) => {
    signal.addEventListener('abort', () => resolve(0));
  });
  const sendAs = (bearer: string) =>
    transport.send({
      ...{ method: 'PUT', url: new URL(`${uploadsUrl}/${uploadId}/progress`), signal },
      headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
      body: { size: bytes.length, chunks: () => [bytes] },
    });
  const ask = async () => {
    const bearer = await readToken(token);
    const { status } = await sendAs(bearer);
    if (status !== UNAUTHORIZED || typeof token !== 'function') return status;
    return (await sendAs(await readToken(token, bearer))).status;
  };
  return Promise.race([ask().catch(() => 0), isLate]);
}
