/** The progress of the transfer of one file. */
interface SdkProgress {
  readonly loaded: number;
  readonly total: number;
}

/** The part of VOD's answer to ApplyUploadUGC that the page reads. */
interface SdkApplyData {
  readonly video?: { readonly storagePath: string };
  readonly storageRegionV5: string;
  readonly vodSessionKey: string;
}

/** A step that the SDK reports: its data, or the error of one attempt. */
interface SdkReport<T> {
  readonly data?: T;
  readonly err?: unknown;
}

/** A storage request that is about to be sent; `qs` has its query. */
interface StorageRequest {
  readonly method?: string;
  readonly qs?: { readonly partNumber?: number | string };
}

interface SdkEvents {
  readonly media_progress: SdkProgress;
  readonly report_apply: SdkReport<SdkApplyData>;
  readonly report_cos_upload: SdkReport<never>;
  readonly report_commit: SdkReport<unknown>;
}

/** The storage client inside an uploader, the only place that can pause. */
interface StorageClient {
  pauseTask(taskId: string): void;
  restartTask(taskId: string): void;
  on(event: 'before-send', listener: (request: StorageRequest) => void): void;
}

/** What the SDK resolves with after VOD has committed the upload. */
interface SdkAnswer {
  readonly fileId: string;
  readonly video?: { readonly url: string };
  readonly cover?: { readonly url: string };
}

/** One running upload of the SDK. */
export interface SdkUploader {
  /** Absent until storage is in use. */
  readonly cos?: StorageClient;
  readonly taskId?: string;
  on<E extends keyof SdkEvents>(event: E, listener: (report: SdkEvents[E]) => void): void;
  done(): Promise<SdkAnswer>;
  cancel(): void;
}

interface SdkClient {
  upload(options: {
    mediaFile: File;
    coverFile?: File;
    progressInterval: number;
    /** Number of parts that are sent in parallel. */
    chunkParallelLimit: number;
  }): SdkUploader;
}

type SdkConstructor = new (options: {
  getSignature: () => Promise<string>;
  allowReport: boolean;
}) => SdkClient;

declare global {
  interface Window {
    readonly TcVod?: SdkConstructor | { readonly default: SdkConstructor };
  }
}

/**
 * Returns a client of the vendor's SDK.
 *
 * @throws if the SDK's script has not been loaded.
 */
export function createSdkClient(getSignature: () => Promise<string>): SdkClient {
  const sdk = window.TcVod;
  if (sdk === undefined) throw new Error('The SDK did not load from /sdk.js');
  const Client = 'default' in sdk ? sdk.default : sdk;
  return new Client({ getSignature, allowReport: false });
}

/** Prefix of the names under which the SDK stores its sessions; the values are the sessions' keys. */
const SESSION_NAME = 'webugc_';

/** Removes a session of the SDK, so that the same file begins a new upload. */
export function forgetSdkSession(vodSessionKey: string): void {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(SESSION_NAME) && localStorage.getItem(name) === vodSessionKey) {
      localStorage.removeItem(name);
    }
  }
}
