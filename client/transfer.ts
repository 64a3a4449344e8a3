import { type Problem, VodUploadError } from './problem.ts';
import type { SdkClass, SdkOptions, SdkProgress, SdkUploader } from './sdk.ts';

/** One run of the SDK with one file. */
export interface Transfer {
  /** Resolves with the id of the file in VOD, also after `stop()` if VOD had all of it; never rejects after that. */
  readonly done: Promise<string>;
  pause(): void;
  resume(): void;
  stop(): void;
}

interface TransferContext {
  readonly Sdk: SdkClass;
  readonly options: SdkOptions | undefined;
  readonly file: File;
  readonly cover: File | undefined;
  /** Whether the SDK may continue its session for a file of this name and size. */
  readonly isContinued: boolean;
  readonly getSignature: () => Promise<string>;
  readonly onProgress: (progress: SdkProgress) => void;
}

/** How many attempts the SDK makes for a call to VOD. */
const SDK_ATTEMPTS = 4;

/** Passes the file to the SDK. */
export function startTransfer(context: TransferContext): Transfer {
  const { Sdk, options, file, cover, isContinued, getSignature, onProgress } = context;
  let state: 'running' | 'paused' | 'stopped' = 'running';
  const client = new Sdk({
    allowReport: false,
    ...options,
    getSignature,
    enableResume: isContinued,
  });
  const uploader = client.upload({
    ...options,
    mediaFile: file,
    ...(cover && { coverFile: cover }),
  });
  uploader.on('media_progress', (progress) => {
    // Only storage can pause or stop, and it may come into use after it was asked to.
    if (state === 'running') onProgress(progress);
    else act(uploader, state === 'paused' ? 'pauseTask' : 'cancelTask');
  });
  return {
    done: new Promise<string>((resolve, reject) => {
      const fail = (error: unknown) => {
        if (state !== 'stopped') reject(toTransferError(error));
      };
      watchRenewals(uploader, fail);
      uploader.done().then(({ fileId }) => resolve(fileId), fail);
    }),
    pause() {
      state = 'paused';
      act(uploader, 'pauseTask');
    },
    resume() {
      state = 'running';
      act(uploader, 'restartTask');
    },
    stop() {
      state = 'stopped';
      act(uploader, 'cancelTask');
    },
  };
}

function act({ cos, taskId }: SdkUploader, action: 'pauseTask' | 'restartTask' | 'cancelTask') {
  if (taskId) cos?.[action]?.(taskId);
}

/** After its last attempt to renew the credentials of storage, the SDK goes silent. */
function watchRenewals(uploader: SdkUploader, fail: (error: unknown) => void): void {
  let isApplied = false;
  let failures = 0;
  uploader.on('report_apply', ({ data, err }) => {
    failures = data ? 0 : failures + 1;
    isApplied ||= Boolean(data);
    if (isApplied && failures === SDK_ATTEMPTS) {
      act(uploader, 'cancelTask');
      fail(err);
    }
  });
}

/** The SDK rejects with its own errors, with those of its storage client, or with plain texts. */
function toTransferError(error: unknown): VodUploadError {
  const { code, message, statusCode, error: inner } = Object(error);
  const { Code, Message } = Object(inner);
  const known: unknown = [Code, code, statusCode].find(Boolean);
  const detail = [Message, message, inner, error].find((text) => text && typeof text === 'string');
  const problem: Problem = {
    code: 'transfer_failed',
    detail: detail ?? 'The SDK gave no reason.',
    ...(known !== undefined && { vod: { code: String(known) } }),
  };
  return new VodUploadError(problem, { cause: error });
}
