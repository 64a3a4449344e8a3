import type { Signal } from '@preact/signals';
import type { SignatureFields } from '../../../../client/vod-upload.ts';
import { createVodUpload, type UploadState } from '../../../../client/vod-upload.ts';
import type { LocalStack } from '../stack/stack-client.ts';
import { explainProblem, summarizeError } from './failure.ts';
import { type ReportingUploader, recordSdk } from './sdk.ts';
import { amend, type IssuedSignature, isRunning, NO_UPLOAD, type Upload } from './upload.ts';

/** One run of the client with the chosen file. */
export interface UploadRun {
  pause(): void;
  resume(): void;
  stop(): void;
}

interface RunContext {
  readonly stack: LocalStack;
  /** Empty if there are no tenants. */
  readonly tenant: string;
  readonly fields: SignatureFields;
  readonly upload: Signal<Upload>;
}

const SDK_OPTIONS = {
  /** With the SDK's default of one second, the progress seems to stop. */
  progressInterval: 100,
  /**
   * Browsers open six connections to a host over HTTP/1.1, and here storage has the same host as the page: one
   * connection is for the stream of events, and one must be free for the page's calls, or for the page itself when it is
   * reloaded.
   */
  chunkParallelLimit: 4,
};

/** Uploads the chosen file and keeps `upload` up to date until the run has ended. */
export function startUpload({ stack, tenant, fields, upload }: RunContext): UploadRun {
  const { file, cover, phase, isGivenUp, transfer } = upload.peek();
  if (file === null) throw new Error('There is no file to upload');
  const isContinued = phase === 'cancelled' && !isGivenUp;
  amend(upload, {
    ...{ ...NO_UPLOAD, phase: 'uploading', file, cover, tenant },
    procedure: fields.procedure ?? '',
    ...(isContinued ? { transfer: { ...NO_UPLOAD.transfer, reached: transfer.reached } } : {}),
  });

  const stop = new AbortController();
  const client = createVodUpload({
    // What becomes of the file, the page reads for all uploads together.
    endpoint: { signature: '/signature' },
    token: (refused) => stack.readToken(tenant, refused),
    sdk: () =>
      recordSdk({
        takeSignature(signature) {
          const uploadId = run.id ?? null;
          if (uploadId !== null) stack.noteBegun(uploadId, tenant);
          const signatures = [
            ...upload.peek().signatures,
            { signature, purpose: tellPurpose(upload.peek()) },
          ];
          amend(upload, { signatures, uploadId });
        },
        watch: (uploader) => watchUploader(uploader, upload, () => stop.signal.aborted),
      }),
    sdkOptions: SDK_OPTIONS,
  });
  const run = client.upload(file, {
    request: fields,
    ...(cover === null ? {} : { cover }),
    signal: stop.signal,
  });
  run.subscribe((state) => showState(state, upload));
  return {
    ...{ pause: run.pause, resume: run.resume },
    stop() {
      if (isRunning(upload.peek())) stop.abort();
    },
  };
}

function showState(state: UploadState, upload: Signal<Upload>): void {
  const { transfer } = upload.peek();
  const still = { ...transfer, bytesPerSecond: 0, remainingSeconds: null };
  switch (state.name) {
    case 'uploading': {
      const { loaded, bytesPerSecond, remainingSeconds = null } = state;
      const reached = Math.max(transfer.reached, loaded);
      const moved = { ...transfer, reached, bytesPerSecond, remainingSeconds };
      amend(upload, { phase: 'uploading', transfer: moved });
      break;
    }
    case 'paused':
      amend(upload, { phase: 'paused', sent: new Map(), transfer: still });
      break;
    case 'processing': {
      const fileId = state.fileId ?? null;
      amend(upload, { phase: 'done', stored: true, fileId, setback: '' });
      break;
    }
    case 'failed':
      amend(upload, { phase: 'failed', failure: explainProblem(state.problem) });
      break;
    case 'stopped':
      amend(upload, { phase: 'cancelled', sent: new Map(), transfer: still, setback: '' });
      break;
    default:
  }
}

function tellPurpose(upload: Upload): IssuedSignature['purpose'] {
  if (upload.stored) return 'commit';
  if (upload.applied !== null) return 'renew';
  return upload.signatures.length === 0 ? 'prepare' : 'apply';
}

function watchUploader(
  uploader: ReportingUploader,
  upload: Signal<Upload>,
  isOver: () => boolean,
): void {
  const change = (changed: Partial<Upload>) => {
    if (!isOver() && isRunning(upload.peek())) amend(upload, changed);
  };
  uploader.on('report_apply', ({ data, err }) => {
    if (data === undefined) return change({ setback: summarizeError(err) });
    const isFirst = upload.peek().applied === null;
    const { vodSessionKey, storageRegionV5: region } = data;
    change({
      applied: { key: data.video?.storagePath ?? '', region, vodSessionKey },
      setback: '',
    });
    // The storage client exists one turn later, and before the first part is sent.
    if (isFirst) window.setTimeout(() => watchParts(uploader, upload), 0);
  });
  uploader.on('media_progress', ({ loaded }) =>
    change({ transfer: { ...upload.peek().transfer, loaded } }),
  );
  uploader.on('report_cos_upload', ({ err }) => {
    if (!err) change({ stored: true });
  });
  uploader.on('report_commit', ({ err }) => {
    if (err) change({ setback: summarizeError(err) });
  });
}

function watchParts(uploader: ReportingUploader, upload: Signal<Upload>): void {
  uploader.cos?.on?.('before-send', ({ method, qs }) => {
    if (method !== 'PUT' || qs?.partNumber === undefined) return;
    const sent = new Map(upload.peek().sent);
    sent.set(Number(qs.partNumber), Date.now());
    amend(upload, { sent });
  });
}
