import type { Store } from '../components/store.ts';
import { explainFailure, summarizeError } from './failure.ts';
import { createSdkClient, type SdkUploader } from './sdk.ts';
import { createSigner, type SignerContext } from './signer.ts';
import { createTransferRate, type TransferRate } from './transfer-rate.ts';
import { isRunning, NO_UPLOAD, type Upload } from './upload.ts';

/** One run of the SDK over the chosen file. */
export interface UploadRun {
  pause(): void;
  resume(): void;
  cancel(): void;
}

interface RunState {
  /** Whatever the SDK still does is of no interest any more. */
  isOver: boolean;
  readonly fail: (error: unknown) => void;
}

interface RunContext extends SignerContext {
  readonly store: Store<Upload>;
}

/** How often the SDK tries a call to VOD. */
const SDK_TRIES = 4;
/** The SDK's default of one second looks like emulatorg still. */
const PROGRESS_MILLISECONDS = 100;
/**
 * Browsers open six connections to a host over HTTP/1.1, and here storage is not a host of its own: one is for the
 * stream of events, and one has to be free for the page's calls, or for the page itself when it is loaded again.
 */
const PARTS_AT_A_TIME = 4;

/** Hands the chosen file to the SDK and keeps the store up to date until the run has ended. */
export function startUpload(context: RunContext): UploadRun {
  const { store, fields } = context;
  const { file, cover } = store.get();
  const rate = createTransferRate();
  store.update({
    ...NO_UPLOAD,
    phase: 'uploading',
    file,
    cover,
    tenant: context.tenant,
    procedure: fields.procedure ?? '',
    uploadId: context.uploadId,
  });
  const run: RunState = {
    isOver: false,
    fail(error) {
      if (run.isOver) return;
      run.isOver = true;
      store.update({ phase: 'failed', failure: explainFailure(error) });
    },
  };

  let uploader: SdkUploader | undefined;
  try {
    if (file === null) throw new Error('There is no file to upload');
    const client = createSdkClient(createSignatureCallback(context, run));
    uploader = client.upload({
      mediaFile: file,
      ...(cover === null ? {} : { coverFile: cover }),
      progressInterval: PROGRESS_MILLISECONDS,
      chunkParallelLimit: PARTS_AT_A_TIME,
    });
    watchUploader(uploader, store, rate, run);
    uploader.done().then((answer) => {
      if (run.isOver) return;
      run.isOver = true;
      store.update({ phase: 'done', stored: true, fileId: answer.fileId, setback: '' });
    }, run.fail);
  } catch (error) {
    run.fail(error);
  }
  return createControls(uploader, store, rate, run);
}

function createSignatureCallback(context: RunContext, run: RunState): () => Promise<string> {
  const signer = createSigner(context);
  const { store } = context;
  return async () => {
    // A signature that never comes is the one way to stop the SDK outside of storage, and as silent as its own cancel.
    if (run.isOver) return new Promise<never>(() => {});
    const purpose = tellPurpose(store.get());
    try {
      const { signature, uploadId } = await signer.sign();
      const signatures = [...store.get().signatures, { signature, purpose }];
      store.update({ signatures, uploadId });
      return signature;
    } catch (error) {
      run.fail(error);
      throw error;
    }
  };
}

function tellPurpose(upload: Upload): string {
  if (upload.stored) return 'Commit';
  if (upload.applied !== null) return 'Renewal';
  return upload.signatures.length === 0 ? 'Prepare' : 'Apply';
}

function watchApply(uploader: SdkUploader, store: Store<Upload>, run: RunState): void {
  let failedRenewals = 0;

  function takeError(error: unknown): void {
    store.update({ setback: summarizeError(error) });
    if (store.get().applied === null) return;
    failedRenewals += 1;
    // Out of tries for new credentials, the SDK stands still without a word.
    if (failedRenewals < SDK_TRIES) return;
    run.fail(error);
    uploader.cancel();
  }
  uploader.on('report_apply', ({ data, err }) => {
    if (run.isOver) return;
    if (data === undefined) {
      takeError(err);
      return;
    }
    failedRenewals = 0;
    const isFirst = store.get().applied === null;
    const { vodSessionKey, storageRegionV5: region } = data;
    const applied = { key: data.video?.storagePath ?? '', region, vodSessionKey };
    store.update({ applied, setback: '' });
    // The storage client exists one turn later, and before the first part leaves.
    if (isFirst) window.setTimeout(() => watchParts(uploader, store), 0);
  });
}

function watchUploader(
  uploader: SdkUploader,
  store: Store<Upload>,
  rate: TransferRate,
  run: RunState,
): void {
  watchApply(uploader, store, run);
  uploader.on('media_progress', ({ loaded, total }) => {
    if (run.isOver) return uploader.cancel();
    if (store.get().phase === 'uploading') store.update({ transfer: rate.measure(loaded, total) });
  });
  uploader.on('report_cos_upload', ({ err }) => {
    if (!run.isOver && !err) store.update({ stored: true });
  });
  uploader.on('report_commit', ({ err }) => {
    if (!run.isOver && err) store.update({ setback: summarizeError(err) });
  });
}

function watchParts(uploader: SdkUploader, store: Store<Upload>): void {
  uploader.cos?.on('before-send', ({ method, qs }) => {
    if (method !== 'PUT' || qs?.partNumber === undefined) return;
    const sent = new Map(store.get().sent);
    sent.set(Number(qs.partNumber), Date.now());
    store.update({ sent });
  });
}

function createControls(
  uploader: SdkUploader | undefined,
  store: Store<Upload>,
  rate: TransferRate,
  run: RunState,
): UploadRun {
  const standStill = () => {
    rate.restart();
    return { ...store.get().transfer, bytesPerSecond: 0, remainingSeconds: null };
  };
  return {
    pause() {
      if (uploader?.cos === undefined || uploader.taskId === undefined) return;
      uploader.cos.pauseTask(uploader.taskId);
      store.update({ phase: 'paused', sent: new Map(), transfer: standStill() });
    },
    resume() {
      if (uploader?.cos === undefined || uploader.taskId === undefined) return;
      uploader.cos.restartTask(uploader.taskId);
      store.update({ phase: 'uploading' });
    },
    cancel() {
      if (!isRunning(store.get())) return;
      run.isOver = true;
      if (uploader?.cos !== undefined) uploader.cancel();
      store.update({ phase: 'cancelled', sent: new Map(), transfer: standStill(), setback: '' });
    },
  };
}
