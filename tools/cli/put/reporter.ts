import type { PutResult } from '../../../client/put/journal-records.ts';
import type { PutEvent } from '../../../client/put/put-environment.ts';
import type { PutError } from '../../../client/put/put-error.ts';
import type { ExistingMedia } from '../../put/find-existing.ts';
import type { WatchedUpload } from '../../put/watch-upload.ts';
import type { Surroundings } from '../command.ts';
import { showText } from '../show-text.ts';
import {
  createProgressMeter,
  describePaused,
  describeProgress,
  drawProgress,
  type FileProgress,
  formatBytes,
  type ProgressMeter,
} from './file-progress.ts';

/** Says how an upload goes: as bars on a terminal, as lines in a log, or as JSON. */
export interface Reporter {
  /** A file is uploaded from now on; returns what to call with its events. */
  readonly begin: (file: Pick<FileProgress, 'path' | 'size'>) => (event: PutEvent) => void;
  readonly uploaded: (path: string, result: PutResult, isNew: boolean) => void;
  /** It is not uploaded, since its owner has a media of it. */
  readonly exists: (path: string, media: ExistingMedia) => void;
  readonly state: (path: string, uploadId: string, watched: Partial<WatchedUpload>) => void;
  readonly failed: (path: string, error: PutError) => void;
  /** It was interrupted, and can be continued. */
  readonly paused: (path: string) => void;
  /** A sentence for users. */
  readonly note: (text: string) => void;
  /** Ends the reports, with the numbers of files. */
  readonly end: (counts: Readonly<Record<string, number>>) => void;
}

/** Milliseconds between two reports of progress. */
const EVERY = { terminal: 200, json: 1_000, log: 10_000 };

/** Creates the reporter that suits the output. */
export function createReporter(surroundings: Surroundings, isJson: boolean): Reporter {
  const meters = new Map<string, ProgressMeter>();
  const output = isJson ? writeJson(surroundings) : writeText(surroundings, meters);
  const show = () => output.progress([...meters.values()].map((meter) => meter.read()));
  const timer = setInterval(show, output.every);
  // It alone does not keep the program.
  timer.unref();
  const close = (path: string, write: (progress: FileProgress | undefined) => void) => {
    const progress = meters.get(path)?.read();
    meters.delete(path);
    write(progress);
  };
  return {
    begin(file) {
      const meter = createProgressMeter(file, surroundings.now);
      meters.set(file.path, meter);
      output.write('begun', { ...file }, undefined);
      return (event) => {
        meter.add(event);
        reportEvent(event, file.path, output);
      };
    },
    uploaded: (path, result, isNew) =>
      close(path, () =>
        output.write('uploaded', { path, ...result, isNew }, describeResult(path, result, isNew)),
      ),
    exists: (path, media) =>
      output.write('exists', { path, ...media }, describeExisting(path, media)),
    state: (path, uploadId, watched) =>
      output.write('state', { path, uploadId, ...watched }, describeState(path, watched)),
    failed: (path, { code, message }) =>
      close(path, () => {
        const text = message.includes(path) ? message : `${path}: ${message}`;
        output.write('failed', { path, code, message }, text);
      }),
    paused: (path) =>
      close(path, (progress) => {
        const { done = 0, size } = progress ?? {};
        const share = progress === undefined ? path : describePaused(progress);
        output.write('paused', { path, sent: done, size }, `Paused: ${share}`);
      }),
    note: (text) => output.write('note', { message: text }, text),
    end(counts) {
      clearInterval(timer);
      output.progress([]);
      output.write('ended', counts, undefined);
    },
  };
}

/** How reports are written. */
interface Output {
  readonly every: number;
  readonly progress: (files: readonly FileProgress[]) => void;
  /** @param text what is written where JSON is not wanted; undefined for nothing. */
  readonly write: (event: string, fields: object, text: string | undefined) => void;
}

function writeJson({ writeOut }: Surroundings): Output {
  const write = (event: string, fields: object) =>
    writeOut(`${JSON.stringify({ event, ...fields })}\n`);
  return {
    ...{ every: EVERY.json, write },
    progress(files) {
      for (const { path, size, done, rate } of files) {
        write('progress', { path, sent: done, size, bytesPerSecond: Math.round(rate) });
      }
    },
  };
}

/** Events whose text is the result; that of the others is a message about the run. */
const RESULTS = new Set(['uploaded', 'exists', 'state']);

function writeText(
  { writeOut, writeError, draw }: Surroundings,
  meters: ReadonlyMap<string, ProgressMeter>,
): Output {
  const progress = (files: readonly FileProgress[]) => {
    if (draw !== undefined) draw(files.map(drawProgress));
    else for (const file of files) writeError(`${describeProgress(file)}\n`);
  };
  return {
    ...{ every: draw === undefined ? EVERY.log : EVERY.terminal, progress },
    write(event, _fields, text) {
      if (text === undefined) return;
      draw?.([]);
      // Names of files may have any characters.
      const shown = text.split('\n').map(showText).join('\n');
      (RESULTS.has(event) ? writeOut : writeError)(`${shown}\n`);
      draw?.([...meters.values()].map((meter) => drawProgress(meter.read())));
    },
  };
}

function reportEvent(event: PutEvent, path: string, { write }: Output): void {
  if (event.type === 'resumed' && event.bytes > 0) {
    const text = `${path}: continued after ${formatBytes(event.bytes)}`;
    write('resumed', { path, bytes: event.bytes }, text);
  } else if (event.type === 'retry') {
    const { code, reason = code } = event.error;
    write('retry', { path, code, reason }, undefined);
  } else if (event.type === 'restarted') {
    write('restarted', { path }, `${path}: begins again. ${event.reason}`);
  } else if (event.type === 'state_lost') {
    const text = `${path}: its state cannot be written (${event.reason}): the upload goes on, but if it is interrupted, it has to begin again.`;
    write('state_lost', { path, reason: event.reason }, text);
  }
}

function describeResult(path: string, { fileId, size, crc64 }: PutResult, isNew: boolean): string {
  const was = isNew ? '' : '  uploaded before; --again uploads it once more';
  return `${path}  ${fileId}  ${size} bytes  CRC-64 ${crc64}${was}`;
}

function describeExisting(path: string, { fileId, size, crc64, uploadId }: ExistingMedia): string {
  return `${path}  ${fileId}  ${size} bytes  CRC-64 ${crc64}  is there already, as upload ${uploadId}`;
}

function describeState(path: string, { state, problem }: Partial<WatchedUpload>): string {
  return `${path}  ${state}${problem === undefined ? '' : `: ${problem}`}`;
}
