import { beginUpload, type OpenFile } from './begin-upload.ts';
import { createSender, type Sender, withSignal } from './create-sender.ts';
import { isSame, openFileSource, verifyPath } from './file-source.ts';
import type { Journal, PutResult } from './journal-records.ts';
import { type Listener, type PutEnvironment, patienceOf } from './put-environment.ts';
import { isSessionOver, PutError } from './put-error.ts';
import { type ObjectTask, putObject } from './put-object.ts';
import { openPutState, type PutState } from './put-state.ts';
import { CLEANING_MILLISECONDS, removeInterrupted, removeParts } from './remove-parts.ts';
import { withRetry } from './retry.ts';
import { runTogether } from './run-together.ts';
import type { CommittedMedia, UploadAccess } from './upload-access.ts';

/** A file to upload, and how. */
export interface UploadFileRequest extends Listener {
  readonly path: string;
  /** Of the media in VOD. */
  readonly name: string;
  /** In lower case, without a dot. */
  readonly type: string;
  readonly cover?: { readonly path: string; readonly type: string } | undefined;
  /** Files of a playlist, with their paths relative to it, with slashes. */
  readonly attachments?: readonly { readonly path: string; readonly name: string }[];
  readonly access: UploadAccess;
  /** What the media is uploaded with, as a text: an interrupted upload is continued with the same only. */
  readonly options: string;
  /** Folder of the states of uploads; without one the upload cannot be continued. */
  readonly stateFolder: string | undefined;
  /** Removes an interrupted upload of other content or with other options, instead of failing. */
  readonly isReplaced?: boolean;
  /** Bytes of a part; if absent, they are chosen by the size of the file. */
  readonly partBytes?: number | undefined;
  /** Uploads again what was uploaded before. */
  readonly again?: boolean;
}

/** The media that an upload has made, or that an earlier one had made of the same file. */
export interface PutOutcome extends PutResult {
  readonly isNew: boolean;
}

/** An upload under way. */
interface Run {
  readonly request: UploadFileRequest;
  readonly environment: PutEnvironment;
  readonly state: PutState;
  readonly files: readonly OpenFile[];
}

/**
 * Uploads a file: whole, or not at all. What an interrupted run has sent is not sent again.
 *
 * @throws {PutError} that says why it failed; the reason of the signal.
 */
export async function uploadFile(
  request: UploadFileRequest,
  environment: PutEnvironment,
): Promise<PutOutcome> {
  const { path, cover, attachments = [], access, stateFolder: folder, onEvent } = request;
  const state = await openPutState({ folder, path, target: access.target }, (reason) =>
    onEvent({ type: 'state_lost', reason }),
  );
  const files: OpenFile[] = [];
  try {
    for (const file of [{ path }, ...(cover === undefined ? [] : [cover]), ...attachments]) {
      files.push({ ...file, source: await openFileSource(file.path) });
    }
    if (files[0]?.source.size === 0) throw new PutError('wrong_size', `${path} is empty.`);
    const run = { request, environment, state, files };
    const journal = await chooseJournal(state.journal, run);
    if (journal?.result !== undefined) return { ...journal.result, isNew: false };
    return { ...(await putOrRestart(journal, run)), isNew: true };
  } finally {
    await Promise.all(files.map(({ source }) => source.close()));
    await state.release();
  }
}

/**
 * Returns the journal of this upload; undefined if it begins now.
 *
 * @throws {PutError} if an interrupted upload of the file was another one.
 */
async function chooseJournal(
  journal: Journal | undefined,
  { request, files, state, environment }: Run,
): Promise<Journal | undefined> {
  if (journal === undefined) return undefined;
  const { path, again = false, isReplaced = false } = request;
  const { objects, options } = journal.beginning;
  const isUnchanged =
    objects.length === files.length &&
    files.every(({ source }, index) => {
      const before = objects[index]?.identity;
      return before !== undefined && isSame(before, source.identity);
    });
  const isSameUpload = isUnchanged && options === request.options;
  if (journal.result !== undefined) return isSameUpload && !again ? journal : undefined;
  if (isReplaced && !isSameUpload) {
    await removeInterrupted(journal, state, request, environment);
    return undefined;
  }
  if (!isUnchanged) {
    throw new PutError(
      'file_changed',
      `${path} has changed since its upload was interrupted. The same command with --abort removes what was sent.`,
    );
  }
  if (!isSameUpload) {
    throw new PutError(
      'other_options',
      `The upload of ${path} was interrupted, and was begun with other options: continue it with the same, or remove it with --abort.`,
    );
  }
  return journal;
}

/** Begins again, once, if an interrupted upload cannot be continued. */
async function putOrRestart(journal: Journal | undefined, run: Run): Promise<PutResult> {
  if (journal === undefined) return putBegun(await begin(run), run);
  try {
    return await putBegun(journal, run);
  } catch (error) {
    if (!isSessionOver(error)) throw error;
    run.request.onEvent({ type: 'restarted', reason: error.message });
    return putBegun(await begin(run), run);
  }
}

async function begin({ request, environment, state, files }: Run): Promise<Journal> {
  const { name, type, cover, partBytes, options, access } = request;
  const begun = { files, media: { name, type }, coverType: cover?.type, partBytes, options };
  const beginning = await beginUpload(begun, access, patienceOf(environment, request));
  await state.begin(beginning);
  return {
    ...{ beginning, grant: beginning.grant, permit: undefined, result: undefined },
    ...{ uploadIds: new Map(), parts: new Map(), stored: new Map() },
  };
}

async function putBegun(journal: Journal, run: Run): Promise<PutResult> {
  const { request, environment, state, files } = run;
  const { session, objects } = journal.beginning;
  const { access, onEvent, signal } = request;
  const { grant } = journal;
  const upload = { access, session, grant, record: state.append, onEvent, signal };
  const sender = createSender(upload, environment);
  onEvent({ type: 'permitted', uploadId: session.uploadId });
  try {
    const crcs = await sendObjects(journal, files, sender);
    for (const { path, source } of files) await verifyPath(path, source);
    const media = await commit(journal, access, sender);
    const [crc64 = ''] = crcs;
    // A cover is beside the media, and not a part of it.
    const ofMedia = files.filter(({ name }, index) => index === 0 || name !== undefined);
    const size = ofMedia.reduce((sum, { source }) => sum + source.size, 0);
    const result: PutResult = { ...media, uploadId: session.uploadId, size, crc64 };
    await state.end(journal.beginning, result);
    return result;
  } catch (error) {
    if (isFinal(error) || state.isLost()) {
      // After Ctrl+C, too; but the error itself is what matters.
      const cleaner = createSender(
        { ...upload, signal: AbortSignal.timeout(CLEANING_MILLISECONDS) },
        environment,
      );
      await removeParts(objects, cleaner).catch(() => undefined);
      await state.remove();
    }
    throw error;
  }
}

/** Has VOD make the media. If the answer was lost, it is asked with the same again. */
async function commit(
  { beginning: { session }, permit: before }: Journal,
  access: UploadAccess,
  { patience, record }: Sender,
): Promise<CommittedMedia> {
  const permit = before ?? (await withRetry(() => access.permit(session), patience));
  if (before === undefined) await record({ type: 'permitted', permit });
  try {
    return await withRetry(() => access.commit(session, permit), patience);
  } catch (error) {
    const isOld = before !== undefined && error instanceof PutError && error.code === 'refused';
    if (!isOld) throw error;
    const other = await withRetry(() => access.permit(session), patience);
    return withRetry(() => access.commit(session, other), patience);
  }
}

/** Returns whether nothing that was sent is of use any more. */
function isFinal(error: unknown): boolean {
  return error instanceof PutError && (error.code === 'file_changed' || error.code === 'corrupted');
}

/** Returns the CRC-64 of each object. */
function sendObjects(
  { beginning, stored, uploadIds, parts }: Journal,
  files: readonly OpenFile[],
  sender: Sender,
): Promise<readonly string[]> {
  const send = async (task: ObjectTask, signal: AbortSignal) => {
    const before = stored.get(task.index);
    if (before !== undefined) {
      sender.onKept(task.source.size);
      return before;
    }
    const uploadId = uploadIds.get(task.index);
    const remains = { uploadId, parts: parts.get(task.index) ?? [] };
    return putObject(task, remains, withSignal(sender, signal));
  };
  const works = files.map(({ source }, index) => async (signal: AbortSignal) => {
    const object = beginning.objects[index];
    if (object === undefined) throw new Error('The journal lacks a file.');
    const { key, partBytes } = object;
    const crc64 = await send({ index, key, source, partBytes }, signal);
    await source.close();
    return crc64;
  });
  return runTogether(works, sender.signal);
}
