import { checkFile } from './check-file.ts';
import { follow } from './follow.ts';
import { VodUploadError } from './problem.ts';
import { loadSdk } from './sdk.ts';
import type { UploadLimits } from './signature-fields.ts';
import { isEnded } from './signer.ts';
import { startTransfer } from './transfer.ts';
import { toEnd, toFailed } from './upload-end.ts';
import type { UploadRecord } from './upload-state.ts';
import { halt, hold, permission, remove, saveProgress, takeProgress, type Work } from './work.ts';

/** Brings the file to VOD, and follows what becomes of it there. Rejects if that fails, or its run is ended. */
export async function perform(work: Work, signal: AbortSignal): Promise<void> {
  const { state, note, signer, call, uploadsUrl } = work;
  const known = note.read();
  signer.uploadId ??= known?.uploadId;
  if (signer.uploadId === known?.uploadId) work.fileId ??= known?.fileId;
  // What was sent needs no place among those that send.
  if (!work.fileId) await permission(work, signal);
  work.loaded = known?.loaded ?? work.loaded;
  const sent = await findSent(work, signal);
  if (!sent && !work.fileId) await send(work, signal);
  signal.throwIfAborted();
  work.release();
  const show = (upload?: UploadRecord) =>
    state.set({ name: 'processing', fileId: upload?.fileId ?? work.fileId, upload });
  show(sent);
  if (!uploadsUrl) return note.forget();
  const url = `${uploadsUrl}/${signer.uploadId}`;
  const upload = await follow({ call, url, signal, onChange: show });
  note.forget();
  halt(work, toEnd(upload));
}

/** Returns the upload that is continued if its file was sent, as after a reload while it was processed. */
async function findSent(work: Work, signal: AbortSignal): Promise<UploadRecord | undefined> {
  const { call, uploadsUrl, signer } = work;
  if (!uploadsUrl || !signer.uploadId) return undefined;
  try {
    const response = await call(`${uploadsUrl}/${signer.uploadId}`, { signal });
    const upload: UploadRecord = await response.json();
    const isSent = work.fileId || ['uploaded', 'processing', 'ready'].includes(upload.state);
    return isSent ? upload : undefined;
  } catch (error) {
    // The next signature, or the next question, says what is wrong.
    signal.throwIfAborted();
    if (isEnded(toFailed(error).problem)) work.fileId = undefined;
    return undefined;
  }
}

/** Resolves when VOD has the file. */
async function send(work: Work, signal: AbortSignal): Promise<void> {
  await permission(work, signal);
  const { file, cover, fields, signer, sdk, sdkOptions: options } = work;
  await refuse(work, fields?.limits);
  const [Sdk, { isContinued, signature, limits }] = await Promise.all([
    loadSdk(sdk),
    signer.signFirst(signal),
  ]);
  await refuse(work, limits);
  saveProgress(work, isContinued ? work.loaded : 0);
  await permission(work, signal);
  // An earlier run may have been stopped while it waited for VOD's last answer, which has come now.
  if (work.fileId) return;
  let unused: string | undefined = signature;
  work.transfer = startTransfer({
    ...{ Sdk, options, file, cover, isContinued },
    async getSignature() {
      const known = unused;
      unused = undefined;
      return known ?? sign(work, signal);
    },
    onProgress: (progress) => takeProgress(work, progress),
  });
  const fileId = await work.transfer.done;
  if (work.state.get().name === 'cancelled') return;
  work.fileId = fileId;
  saveProgress(work, file.size);
}

/** Throws if the file exceeds the limits that its upload has; then the service need not expect it. */
async function refuse(work: Work, limits: UploadLimits | undefined): Promise<void> {
  const problem = limits && (await checkFile(work.file, limits, work.inspect));
  if (!problem) return;
  work.note.forget();
  remove(work).catch(() => {});
  throw new VodUploadError(problem);
}

/**
 * Returns a signature as soon as there is one. The SDK never sees an error: it would repeat its request, give its
 * session up and report another reason. It waits until the upload goes on.
 */
async function sign(work: Work, signal: AbortSignal): Promise<string> {
  for (;;) {
    try {
      await permission(work, signal);
      return (await work.signer.sign(signal)).signature;
    } catch (error) {
      if (signal.aborted) return new Promise<never>(() => {});
      const failed = toFailed(error);
      work.note.release();
      if (failed.canResume) hold(work, failed);
      else {
        work.note.forget();
        halt(work, failed);
      }
    }
  }
}
