import type { CallBackend } from './backend.ts';
import type { InspectFile } from './check-file.ts';
import type { Note } from './notes.ts';
import { first, type Observable } from './observable.ts';
import type { SdkOptions, SdkProgress, SdkSource } from './sdk.ts';
import type { SignatureFields } from './signature-fields.ts';
import type { Signer } from './signer.ts';
import type { AcquireSlot } from './slots.ts';
import type { Transfer } from './transfer.ts';
import type { TransferRate } from './transfer-rate.ts';
import type { UploadState } from './upload-state.ts';

/** What all uploads of a client have in common. */
export interface ClientContext {
  readonly call: CallBackend;
  readonly signatureUrl: string;
  /** Undefined where the service has no database, so that nothing is known about uploads. */
  readonly uploadsUrl: string | undefined;
  readonly sdk: SdkSource;
  readonly sdkOptions: SdkOptions | undefined;
  readonly inspect: InspectFile | undefined;
  readonly acquire: AcquireSlot;
}

/** The file of an upload, and what is wanted of it. */
export interface UploadPlan {
  readonly file: File;
  readonly cover: File | undefined;
  readonly fields: SignatureFields | undefined;
}

/** Everything about one upload. */
export interface Work extends ClientContext, UploadPlan {
  readonly state: Observable<UploadState>;
  readonly signer: Signer;
  readonly rate: TransferRate;
  /** One way from preparing to the end; what begins anew has a new one. */
  run: AbortController;
  note: Note;
  transfer: Transfer | undefined;
  /** Bytes that were sent; it does not go back. */
  loaded: number;
  /** Id of the file in VOD, which then has all of it: nothing is sent any more. */
  fileId: string | undefined;
  /** Gives back the place among those that send. */
  release: () => void;
}

/** Resolves while the upload may ask for something, or send something; rejects when its run has ended. */
export function permission({ state }: Work, signal: AbortSignal): Promise<UploadState> {
  return first(state, ({ name }) => name === 'preparing' || name === 'uploading', signal);
}

/** Sends nothing more until the upload goes on from where it is. */
export function hold(work: Work, state: UploadState): void {
  work.transfer?.pause();
  work.release();
  work.state.set(state);
}

/** Ends all work; what was sent remains. */
export function halt(work: Work, end: UploadState): void {
  work.run.abort();
  work.transfer?.stop();
  work.transfer = undefined;
  work.note.release();
  hold(work, end);
}

/** Tells the service, if it knows the upload, that no file will come. */
export async function remove({ call, uploadsUrl, signer: { uploadId } }: Work): Promise<void> {
  if (uploadsUrl && uploadId) await call(`${uploadsUrl}/${uploadId}`, { method: 'DELETE' });
}

/** Notes what the SDK has sent. */
export function takeProgress(work: Work, { loaded }: SdkProgress): void {
  const bytesPerSecond = work.rate.measure(loaded);
  if (loaded > work.loaded) saveProgress(work, loaded);
  showProgress(work, loaded, bytesPerSecond);
}

/** Remembers the upload, and how much of it was sent, over a reload. */
export function saveProgress(work: Work, loaded: number): void {
  work.loaded = loaded;
  if (work.signer.uploadId) work.note.write(work.signer.uploadId, loaded, work.fileId);
}

/** Makes the state that of an upload of which `sent` bytes were sent, some of them perhaps again. */
export function showProgress(work: Work, sent: number, bytesPerSecond = 0): void {
  const total = work.file.size;
  const { loaded } = work;
  const remainingSeconds = bytesPerSecond > 0 ? (total - sent) / bytesPerSecond : undefined;
  work.state.set({ name: 'uploading', loaded, total, bytesPerSecond, remainingSeconds });
}
