import type { Signal } from '@preact/signals';
import { explainFailure, summarizeError } from './failure.ts';
import { createSdkClient, type SdkUploader } from './sdk.ts';
import { createSigner, type SignerContext } from './signer.ts';
import { createTransferRate, type TransferRate } from './transfer-rate.ts';
import { amend, type IssuedSignature, isRunning, NO_UPLOAD, type Upload } from './upload.ts';

/** One run of the SDK with the chosen file. */
export interface UploadRun {
  pause(): void;
  resume(): void;
  stop(): void;
}

interface RunState {
  /** True when later actions of the SDK must be ignored. */
  isOver: boolean;
  readonly fail: (error: unknown) => void;
}

interface RunContext extends SignerContext {
  readonly upload: Signal<Upload>;
}

/** How many attempts the SDK makes for a call to VOD. */
const SDK_TRIES = 4;
/** With the SDK's default of one second, the progress seems to stop. */
const PROGRESS_MILLISECONDS = 100;
/**
 * Browsers open six connections to a host over HTTP/1.1, and here storage has the same host as the page: one connection
 * is for the stream of events, and one must be free for the page's calls, or for the page itself when it is reloaded.
 */
const PARTS_AT_A_TIME = 4;

/** Passes the chosen file to the SDK and keeps `upload` up to date until the run has ended. */
export function startUpload(context: RunContext): UploadRun {
  const { upload, fields } = context;
  const { file, cover, phase, isGivenUp, transfer } = upload.peek();
  const isContinued = phase === 'cancelled' && !isGivenUp;
  const rate = createTransferRate();
  amend(upload, {
    ...NO_UPLOAD,
    phase: 'uploading',
    file,
    cover,
    tenant: context.tenant,
    procedure: fields.procedure ?? '',
    uploadId: context.uploadId,
    ...(isContinued ? { transfer: { ...NO_UPLOAD.transfer, reached: transfer.reached } } : {}),
  });
  const run: RunState = {
    isOver: false,
    fail(error) {
      if (run.isOver) return;
      run.isOver = true;
      amend(upload, { phase: 'failed', failure: explainFailure(error) });
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
    watchUploader(uploader, upload, rate, run);
    uploader.done().then((answer) => {
      if (run.isOver) return;
      run.isOver = true;
      amend(upload, { phase: 'done', stored: true, fileId: answer.fileId, setback: '' });
    }, run.fail);
  } catch (error) {
    run.fail(error);
  }
  return createControls(uploader, upload, rate, run);
}

function createSignatureCallback(context: RunContext, run: RunState): () => Promise<string> {
  const signer = createSigner(context);
  const { upload } = context;
  return async () => {
    // A signature that never arrives is the only way to stop the SDK outside of storage, and as silent as its own
    // cancel.
    if (run.isOver) return new Promise<never>(() => {});
    const purpose = tellPurpose(upload.peek());
    try {
      const { signature, uploadId } = await signer.sign();
      const signatures = [...upload.peek().signatures, { signature, purpose }];
      amend(upload, { signatures, uploadId });
      return signature;
    } catch (error) {
      run.fail(error);
      throw error;
    }
  };
}

function tellPurpose(upload: Upload): IssuedSignature['purpose'] {
  if (upload.stored) return 'commit';
  if (upload.applied !== null) return 'renew';
  return upload.signatures.length === 0 ? 'prepare' : 'apply';
}

function watchApply(uploader: SdkUploader, upload: Signal<Upload>, run: RunState): void {
  let failedRenewals = 0;

  function takeError(error: unknown): void {
    amend(upload, { setback: summarizeError(error) });
    if (upload.peek().applied === null) return;
    failedRenewals += 1;
    // After its last attempt to get new credentials, the SDK stops without an error.
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
    const isFirst = upload.peek().applied === null;
    const { vodSessionKey, storageRegionV5: region } = data;
    const applied = { key: data.video?.storagePath ?? '', region, vodSessionKey };
    amend(upload, { applied, setback: '' });
    // The storage client exists one turn later, and before the first part is sent.
    if (isFirst) window.setTimeout(() => watchParts(uploader, upload), 0);
  });
}

function watchUploader(
  uploader: SdkUploader,
  upload: Signal<Upload>,
  rate: TransferRate,
  run: RunState,
): void {
  watchApply(uploader, upload, run);
  uploader.on('media_progress', ({ loaded, total }) => {
    if (run.isOver) return uploader.cancel();
    const { phase, transfer } = upload.peek();
    if (phase !== 'uploading') return;
    const reached = Math.max(transfer.reached, loaded);
    amend(upload, { transfer: { ...rate.measure(loaded, total), reached } });
  });
  uploader.on('report_cos_upload', ({ err }) => {
    if (!run.isOver && !err) amend(upload, { stored: true });
  });
  uploader.on('report_commit', ({ err }) => {
    if (!run.isOver && err) amend(upload, { setback: summarizeError(err) });
  });
}

function watchParts(uploader: SdkUploader, upload: Signal<Upload>): void {
  uploader.cos?.on('before-send', ({ method, qs }) => {
    if (method !== 'PUT' || qs?.partNumber === undefined) return;
    const sent = new Map(upload.peek().sent);
    sent.set(Number(qs.partNumber), Date.now());
    amend(upload, { sent });
  });
}

function createControls(
  uploader: SdkUploader | undefined,
  upload: Signal<Upload>,
  rate: TransferRate,
  run: RunState,
): UploadRun {
  const standStill = () => {
    rate.restart();
    return { ...upload.peek().transfer, bytesPerSecond: 0, remainingSeconds: null };
  };
  return {
    pause() {
      if (uploader?.cos === undefined || uploader.taskId === undefined) return;
      uploader.cos.pauseTask(uploader.taskId);
      amend(upload, { phase: 'paused', sent: new Map(), transfer: standStill() });
    },
    resume() {
      if (uploader?.cos === undefined || uploader.taskId === undefined) return;
      uploader.cos.restartTask(uploader.taskId);
      amend(upload, { phase: 'uploading' });
    },
    stop() {
      if (!isRunning(upload.peek())) return;
      run.isOver = true;
      if (uploader?.cos !== undefined) uploader.cancel();
      amend(upload, { phase: 'cancelled', sent: new Map(), transfer: standStill(), setback: '' });
    },
  };
}
