import { openNote } from './notes.ts';
import { createObservable, first, iterate } from './observable.ts';
import { perform } from './perform.ts';
import { VodUploadError } from './problem.ts';
import { createSigner } from './signer.ts';
import { createTransferRate } from './transfer-rate.ts';
import { toFailed } from './upload-end.ts';
import type { Processing, Ready, UploadState } from './upload-state.ts';
import {
  type ClientContext,
  halt,
  hold,
  remove,
  saveProgress,
  showProgress,
  type UploadPlan,
  type Work,
} from './work.ts';

/** One upload. It yields its states, the present one first, until it has ended; a slow reader gets only the latest. */
export interface VodUpload extends AsyncIterable<UploadState> {
  readonly file: File;
  /** Id of the upload; undefined until the service has permitted it. */
  readonly id: string | undefined;
  readonly state: UploadState;
  /** Calls `listener` with each new state; returns the function that ends that. */
  subscribe(listener: (state: UploadState) => void): () => void;
  /**
   * Resolves when VOD has the file (`processing`), or when it can be used (`ready`). Rejects with a
   * {@link VodUploadError} if that will not happen, and with the reason of `signal`, which ends only the waiting.
   */
  until(name: 'processing', options?: { signal?: AbortSignal }): Promise<Processing | Ready>;
  until(name: 'ready', options?: { signal?: AbortSignal }): Promise<Ready>;
  pause(): void;
  /** Goes on after `pause()`, after a failure of which `canResume` is true, and after the upload's signal. */
  resume(): void;
  /** Gives the upload up. Rejects if the service could not be told, or the upload had ended; it may be called again. */
  cancel(): Promise<void>;
}

/** Nothing happens after these unless somebody asks for it. */
const LAST: readonly UploadState['name'][] = ['ready', 'failed', 'cancelled', 'stopped'];

/** Begins an upload, which stops when `signal` is aborted. */
export function createUpload(
  context: ClientContext,
  plan: UploadPlan,
  signal: AbortSignal | undefined,
): VodUpload {
  const work = createWork(context, plan);
  const { state, signer } = work;
  const isLast = ({ name }: UploadState) =>
    LAST.includes(name) || (name === 'processing' && !context.uploadsUrl);
  const stop = () => {
    if (!isLast(state.get())) halt(work, { name: 'stopped' });
  };
  signal?.addEventListener('abort', stop);
  begin(work);
  if (signal?.aborted) stop();
  return {
    ...{ file: plan.file, subscribe: state.subscribe },
    get id() {
      return signer.uploadId;
    },
    get state() {
      return state.get();
    },
    until: (async (name: UploadState['name'], options?: { signal?: AbortSignal }) => {
      const isReached = (each: UploadState) => each.name === name || each.name === 'ready';
      const found = await first(state, (each) => isReached(each) || isLast(each), options?.signal);
      if (isReached(found)) return found;
      throw explainEnd(found);
    }) as VodUpload['until'],
    pause() {
      if (['waiting', 'preparing', 'uploading'].includes(state.get().name)) {
        hold(work, { name: 'paused', loaded: work.loaded, total: plan.file.size });
      }
    },
    resume: () => resume(work),
    cancel: () => cancel(work),
    [Symbol.asyncIterator]: () => iterate(state, isLast),
  };
}

function createWork(context: ClientContext, plan: UploadPlan): Work {
  return {
    ...context,
    ...plan,
    state: createObservable<UploadState>({ name: 'waiting' }),
    signer: createSigner(context.call, context.signatureUrl, plan.fields),
    rate: createTransferRate(),
    run: new AbortController(),
    note: openNote(plan.file, plan.cover),
    transfer: undefined,
    loaded: 0,
    fileId: undefined,
    release() {},
  };
}

function begin(work: Work): void {
  const { signal } = work.run;
  perform(work, signal).catch((error) => {
    if (signal.aborted) return;
    // The SDK gives its session up with each of its errors.
    if (work.transfer && !work.fileId) saveProgress(work, 0);
    halt(work, toFailed(error));
  });
  void goOn(work);
}

/** Sends as soon as fewer others do. */
async function goOn(work: Work): Promise<void> {
  const { run, state } = work;
  state.set({ name: 'waiting' });
  const release = await work.acquire();
  // It may have been paused, and continued again, in the meantime.
  if (run.signal.aborted || state.get().name !== 'waiting') return release();
  work.release = release;
  work.rate.restart();
  if (work.loaded > 0) showProgress(work, work.loaded);
  else state.set({ name: 'preparing' });
  work.transfer?.resume();
}

function resume(work: Work): void {
  const state = work.state.get();
  if (state.name === 'failed' ? !state.canResume : !['paused', 'stopped'].includes(state.name)) {
    return;
  }
  work.note.release();
  work.note = openNote(work.file, work.cover);
  if (!work.run.signal.aborted) return void goOn(work);
  work.run = new AbortController();
  begin(work);
}

async function cancel(work: Work): Promise<void> {
  // The service may refuse to cancel what has arrived; then nothing changes here either.
  const isSent = ['processing', 'ready'].includes(work.state.get().name);
  if (isSent) await remove(work);
  work.note.forget();
  halt(work, { name: 'cancelled' });
  if (!isSent) await remove(work);
}

function explainEnd(state: UploadState): VodUploadError {
  if (state.name === 'failed') return new VodUploadError(state.problem);
  const detail =
    state.name === 'processing'
      ? 'The file was sent; `endpoint` has no address for uploads.'
      : `The upload was ${state.name}.`;
  return new VodUploadError({ code: `upload_${state.name}`, detail });
}
