import { basename } from 'node:path';
import { openFileSource } from '../../../client/put/file-source.ts';
import { mediaName, typeOf } from '../../../client/put/media-name.ts';
import {
  type PutEnvironment,
  type PutEvent,
  patienceOf,
} from '../../../client/put/put-environment.ts';
import { PutError } from '../../../client/put/put-error.ts';
import { abortFile } from '../../../client/put/remove-parts.ts';
import { createProgressReport, type ProgressReport } from '../../../client/put/report-progress.ts';
import { uploadFile } from '../../../client/put/upload-file.ts';
import { uploadStream } from '../../../client/put/upload-stream.ts';
import { isFinished } from '../../../lib/model/upload-state.ts';
import { findExisting } from '../../put/find-existing.ts';
import { watchUpload } from '../../put/watch-upload.ts';
import type { Surroundings } from '../command.ts';
import { type FoundFile, resolvePath } from './list-files.ts';
import type { OpenedAccess } from './open-access.ts';
import type { PutOptions } from './put-options.ts';
import type { Reporter } from './reporter.ts';
import type { StateFolder } from './state-folder.ts';

/** One upload, and what it needs. */
export interface Job {
  /** `-` for standard input. */
  readonly target: FoundFile | '-';
  readonly options: PutOptions;
  readonly opened: OpenedAccess;
  readonly environment: PutEnvironment;
  readonly reporter: Reporter;
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
  readonly partBytes: number | undefined;
  /** Of standard input, where it is known. */
  readonly size: number | undefined;
  readonly state: StateFolder;
}

/** What became of a job. */
export type JobResult = 'uploaded' | 'skipped' | 'removed' | 'failed' | 'paused';

/** Does one job, reports it, and returns what became of it; never rejects for a reason that users can understand. */
export async function runJob(job: Job): Promise<JobResult> {
  const { target, reporter, signal, options } = job;
  const path = target === '-' ? 'standard input' : target.path;
  if (signal.aborted) return 'paused';
  try {
    if (target === '-') return await uploadInput(path, job);
    return options.abort ? await abort(target, job) : await upload(target, job);
  } catch (error) {
    if (signal.aborted) {
      if (target === '-') {
        reporter.note('Standard input cannot be continued: nothing of it was left in storage.');
        return 'failed';
      }
      reporter.paused(path);
      return 'paused';
    }
    if (!(error instanceof PutError)) throw error;
    reporter.failed(path, error);
    return 'failed';
  }
}

async function upload(file: FoundFile, job: Job): Promise<JobResult> {
  const { options, opened, environment, reporter, signal, partBytes } = job;
  const stateFolder = job.state.path;
  const { path, type, attachments } = file;
  if (await isThere(path, job)) return 'skipped';
  const size = attachments.length === 0 ? file.size : undefined;
  const report = openReport(size, job);
  const onEvent = listen(reporter.begin({ path, size }), report);
  const { isNew, ...result } = await uploadFile(
    {
      ...{ path, type, attachments, partBytes, stateFolder, onEvent, signal },
      name: mediaName(options.name ?? basename(path), type),
      cover: readCover(job),
      access: opened.access,
      options: `${opened.options} ${options.name ?? ''} ${options.cover ?? ''}`,
      again: options.again,
    },
    environment,
  );
  if (isNew) await report?.end(result);
  reporter.uploaded(path, result, isNew);
  const isReady = await waitFor(path, result.uploadId, job);
  if (!isReady) return 'failed';
  return isNew ? 'uploaded' : 'skipped';
}

async function uploadInput(path: string, job: Job): Promise<JobResult> {
  const { options, opened, environment, reporter, surroundings, signal, size } = job;
  const { name = '', type = typeOf(name) } = options;
  const report = openReport(size, job);
  const onEvent = listen(reporter.begin({ path, size }), report);
  const result = await uploadStream(
    {
      ...{ size, onEvent, signal, access: opened.access, stream: surroundings.input },
      ...{ type, name: mediaName(name, type) },
      cover: readCover(job),
    },
    environment,
  );
  await report?.end(result);
  reporter.uploaded(path, result, true);
  return (await waitFor(path, result.uploadId, job)) ? 'uploaded' : 'failed';
}

async function abort({ path }: FoundFile, job: Job): Promise<JobResult> {
  const { opened, environment, reporter, signal, state } = job;
  const onEvent = () => {};
  const stateFolder = state.isThere ? state.path : undefined;
  const request = { path, access: opened.access, stateFolder, onEvent, signal };
  const left = await abortFile(request, environment);
  const texts = {
    nothing: `there is no interrupted upload in ${state.path}`,
    removed: 'what was sent is removed',
    expired: 'its session is over: VOD removes what was sent by itself',
  };
  reporter.note(`${path}: ${texts[left]}`);
  return left === 'nothing' ? 'skipped' : 'removed';
}

/** Returns whether the file need not be uploaded, since its owner has a media of it. */
async function isThere(path: string, job: Job): Promise<boolean> {
  const { options, opened, environment, reporter, signal } = job;
  if (!options['skip-existing'] || opened.functions === undefined) return false;
  const { uploadsEndpoint: endpoint, token } = opened.functions;
  const { transport } = environment;
  const patience = patienceOf(environment, { onEvent: () => undefined, signal });
  const file = await openFileSource(path);
  try {
    const found = await findExisting(file, { endpoint, token, transport, patience, signal });
    if (found !== undefined) reporter.exists(path, found);
    return found !== undefined;
  } finally {
    await file.close();
  }
}

/** Tells the functions how an upload through them goes. */
function openReport(
  size: number | undefined,
  { opened: { functions }, environment: { transport, clock } }: Job,
): ProgressReport | undefined {
  if (functions === undefined) return undefined;
  const { uploadsEndpoint, token } = functions;
  const uploadsUrl = `${uploadsEndpoint}/uploads`;
  return createProgressReport({ uploadsUrl, token, transport, clock, size });
}

function listen(
  show: (event: PutEvent) => void,
  report: ProgressReport | undefined,
): (event: PutEvent) => void {
  return (event) => {
    show(event);
    report?.onEvent(event);
  };
}

/** Returns whether the upload became ready, or nobody wants to know. */
async function waitFor(path: string, uploadId: string | undefined, job: Job): Promise<boolean> {
  const { options, opened, environment, reporter, signal } = job;
  if (!options.wait || opened.functions === undefined || uploadId === undefined) return true;
  const { uploadsEndpoint: endpoint, token } = opened.functions;
  const { transport, clock } = environment;
  const watched = await watchUpload({
    ...{ endpoint, token, uploadId, transport, clock, signal },
    patience: patienceOf(environment, { onEvent: () => undefined, signal }),
    onState: (state) => {
      if (options.json && !isFinished(state)) reporter.state(path, uploadId, { state });
    },
  });
  reporter.state(path, uploadId, watched);
  return watched.state === 'ready';
}

function readCover({ options: { cover }, surroundings }: Job) {
  if (cover === undefined) return undefined;
  return { path: resolvePath(cover, surroundings), type: typeOf(cover) };
}
