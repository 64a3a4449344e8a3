import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Problem, VodUploadError } from '../problem.ts';
import type { PutEndpoints, PutFileOptions, PutFileResult, PutSource } from '../put-options.ts';
import { checkOptions } from './check-options.ts';
import { clock } from './clock.ts';
import { createFunctionsAccess } from './functions-access.ts';
import { mediaName, typeOf } from './media-name.ts';
import { createPartSlots } from './part-slots.ts';
import type { Listener, PutEnvironment } from './put-environment.ts';
import { PutError } from './put-error.ts';
import { createByteRate } from './rate-limit.ts';
import { createProgressReport, type ProgressReport } from './report-progress.ts';
import { createStreamReader } from './stream-reader.ts';
import { createTransport } from './transport.ts';
import { uploadFile } from './upload-file.ts';
import { uploadStream } from './upload-stream.ts';

/** Milliseconds for which a request is repeated that fails for a reason that may pass. */
const PATIENCE_MILLISECONDS = 600_000;

/** All uploads of a program share connections; those that are idle do not keep it from ending. */
const SHARED = {
  transport: createTransport(process.env),
  slots: createPartSlots(clock.monotonic),
  rate: createByteRate(undefined, clock),
  random: { fraction: Math.random },
  patience: PATIENCE_MILLISECONDS,
  clock,
};

/**
 * Uploads a source.
 *
 * @throws {VodUploadError} that says why it failed; the reason of the signal.
 */
export async function uploadSource(
  source: PutSource,
  options: PutFileOptions,
): Promise<PutFileResult> {
  const path = toPath(source);
  const media = describeMedia(path ?? nameOf(source), options);
  try {
    checkOptions(options, { isSource: isSource(source), isFile: path !== undefined, ...media });
  } catch (error) {
    // Whoever writes to a stream need not go on.
    if (path === undefined && isSource(source)) createStreamReader(toStream(source)).stop(error);
    throw error;
  }
  const { cloudUrl, signal } = options;
  const environment = { ...SHARED, cloudUrl };
  try {
    const put = path === undefined ? putBytes : putPath;
    return await put({ source, path: path ?? '', media, options }, environment);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof PutError ? explain(error) : error;
  }
}

/** One upload. */
interface Upload {
  readonly source: PutSource;
  readonly path: string;
  readonly media: { readonly name: string; readonly type: string };
  readonly options: PutFileOptions;
}

async function putPath({ path, media, options }: Upload, environment: PutEnvironment) {
  const { request = {}, stateFolder, again = false } = options;
  const cover = readCover(options);
  const size = (await stat(path).catch(() => undefined))?.size;
  const report = openReport(options, size, environment);
  const result = await uploadFile(
    {
      ...{ path, cover, stateFolder, again, isReplaced: true, ...media },
      ...listen(options, size, report),
      access: createAccess(options, environment),
      options: JSON.stringify([request, media, cover]),
    },
    environment,
  );
  if (result.isNew) await report?.end(result);
  return { ...result, uploadId: result.uploadId ?? '' };
}

async function putBytes({ source, media, options }: Upload, environment: PutEnvironment) {
  const { size = sizeOf(source) } = options;
  const cover = readCover(options);
  const report = openReport(options, size, environment);
  const result = await uploadStream(
    {
      ...{ size, cover, stream: toStream(source), ...media, ...listen(options, size, report) },
      access: createAccess(options, environment),
    },
    environment,
  );
  await report?.end(result);
  return { ...result, uploadId: result.uploadId ?? '', isNew: true };
}

function createAccess(
  { endpoint, token, request = {}, signal }: PutFileOptions,
  { transport, cloudUrl }: PutEnvironment,
) {
  const { signature: signatureUrl } = locate(endpoint);
  const fields = { ...request };
  return createFunctionsAccess({ signatureUrl, token, fields, transport, cloudUrl, signal });
}

/** Tells the service how the upload goes, where it has an address for that. */
function openReport(
  { endpoint, token }: PutFileOptions,
  size: number | undefined,
  { transport, clock: time }: PutEnvironment,
): ProgressReport | undefined {
  const { uploads: uploadsUrl } = locate(endpoint);
  if (uploadsUrl === undefined) return undefined;
  return createProgressReport({ uploadsUrl, token, transport, clock: time, size });
}

function locate(endpoint: PutFileOptions['endpoint']): PutEndpoints {
  if (typeof endpoint !== 'string') return endpoint;
  const base = endpoint.replace(/\/+$/, '');
  return { signature: `${base}/signature`, uploads: `${base}/uploads` };
}

/** Reports bytes that are sent; those that are sent again are reported once, and those of a cover not at all. */
function listen(
  { onProgress, signal }: PutFileOptions,
  total: number | undefined,
  report: ProgressReport | undefined,
): Listener {
  let sent = 0;
  let loaded = 0;
  return {
    signal,
    onEvent(event) {
      report?.onEvent(event);
      if (event.type === 'restarted') sent = 0;
      if (event.type !== 'sent' && event.type !== 'resumed') return;
      sent += event.bytes;
      const now = Math.min(sent, total ?? sent);
      if (now <= loaded) return;
      loaded = now;
      onProgress?.({ loaded, total });
    },
  };
}

function toPath(source: PutSource): string | undefined {
  if (source instanceof URL) return source.protocol === 'file:' ? fileURLToPath(source) : undefined;
  return typeof source === 'string' ? source : undefined;
}

/** Returns whether it can be uploaded; without types, callers may give anything. */
function isSource(source: unknown): source is PutSource {
  if (typeof source === 'string') return source !== '';
  if (source instanceof URL) return source.protocol === 'file:';
  const isBytes = source instanceof Uint8Array || source instanceof Blob;
  return isBytes || (source instanceof Object && Symbol.asyncIterator in source);
}

function readCover({ cover }: PutFileOptions) {
  if (cover === undefined) return undefined;
  const path = cover instanceof URL ? fileURLToPath(cover) : cover;
  return { path, type: typeOf(path) };
}

/** Returns the name of a File; the empty text for other bytes. */
function nameOf(source: PutSource): string {
  return source instanceof Blob && 'name' in source ? String(source.name) : '';
}

function sizeOf(source: PutSource): number | undefined {
  if (source instanceof Uint8Array) return source.byteLength;
  return source instanceof Blob ? source.size : undefined;
}

function toStream(source: PutSource): AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) return yieldOnce(source);
  if (source instanceof Blob) return source.stream();
  return source as AsyncIterable<Uint8Array>;
}

async function* yieldOnce(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** Returns name and type of the media; the empty text for what is not known. */
function describeMedia(path: string, options: PutFileOptions): Upload['media'] {
  const { name: given, type: wanted } = Object(options);
  const name = typeof given === 'string' ? given : basename(path);
  const type = typeof wanted === 'string' ? wanted : typeOf(name) || typeOf(path);
  return { name: mediaName(name, type), type };
}

/** What this package calls the same failure of a browser's upload. */
const CODES: Readonly<Record<string, string>> = {
  ...{ unreachable: 'network_failed', refused: 'transfer_failed' },
};

function explain(error: PutError): VodUploadError {
  const { code, reason, status, message: detail } = error;
  const problem: Problem =
    status !== undefined
      ? { code: reason ?? `http_${status}`, detail, status }
      : { code: CODES[code] ?? code, detail, ...(reason && { vod: { code: reason } }) };
  return new VodUploadError(problem, { cause: error });
}
