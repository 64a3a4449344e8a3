/** How far the transfer of one file is. */
interface SdkProgress {
  readonly loaded: number;
  readonly total: number;
}

/** What VOD answered to ApplyUploadUGC, as far as the page reads it. */
interface SdkApplyData {
  readonly video?: { readonly storagePath: string };
  readonly storageRegionV5: string;
  readonly vodSessionKey: string;
}

/** A step that the SDK reports: its data, or the error of one try. */
interface SdkReport<T> {
  readonly data?: T;
  readonly err?: unknown;
}

/** A storage request that is about to leave; `qs` holds its query. */
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

/** What the SDK resolves with once VOD has committed the upload. */
interface SdkAnswer {
  readonly fileId: string;
  readonly video?: { readonly url: string };
  readonly cover?: { readonly url: string };
}

/** One upload in the hands of the SDK. */
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
    /** How many parts travel at a time. */
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
 * @throws If the SDK's script has not loaded.
 */
export function createSdkClient(getSignature: () => Promise<string>): SdkClient {
  const sdk = window.TcVod;
  if (sdk === undefined) throw new Error('The SDK did not load from /sdk.js');
  const Client = 'default' in sdk ? sdk.default : sdk;
  return new Client({ getSignature, allowReport: false });
}

/** Begins the names under which the SDK keeps its sessions; the values are the sessions' keys. */
const SESSION_NAME = 'webugc_';

/** Has the SDK forget a session, so that the same file begins a new upload. */
export function forgetSdkSession(vodSessionKey: string): void {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(SESSION_NAME) && localStorage.getItem(name) === vodSessionKey) {
      localStorage.removeItem(name);
    }
  }
}
