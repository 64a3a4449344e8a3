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

/** Longest time for one report. */
const LONGEST_MILLISECONDS = 10_000;

/** Creates the reports of one upload. */
export function createProgressReport(options: ReportOptions): ProgressReport {
  const { clock, size } = options;
  let uploadId: string | undefined;
  let sent = 0;
  let nextAt = clock.monotonic() + PAUSE_MILLISECONDS;
  let isWanted = true;
  let busy: Promise<void> | undefined;
  const report = async (body: object) => {
    if (uploadId === undefined) return;
    const status = await send(uploadId, JSON.stringify(body), options);
    // There is no database, or no right, or the upload has ended; others may pass.
    if (status === 501 || (status >= 400 && status < 500 && status !== 429)) isWanted = false;
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
      if (isWanted) await report({ size: file.size, sent: file.size, crc64: file.crc64 });
    },
  };
}

/** Returns the status of the answer; 0 without one. */
async function send(
  uploadId: string,
  text: string,
  { uploadsUrl, token, transport }: ReportOptions,
): Promise<number> {
  const bytes = Buffer.from(text);
  try {
    const { status } = await transport.send({
      ...{ method: 'PUT', url: new URL(`${uploadsUrl}/${uploadId}/progress`) },
      headers: {
        Authorization: `Bearer ${await readToken(token)}`,
        'Content-Type': 'application/json',
      },
      body: { size: bytes.length, chunks: () => [bytes] },
      signal: AbortSignal.timeout(LONGEST_MILLISECONDS),
    });
    return status;
  } catch {
    return 0;
  }
}
