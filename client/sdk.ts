import { VodUploadError } from './problem.ts';

/** The progress of the transfer of one file. */
export interface SdkProgress {
  readonly loaded: number;
  readonly total: number;
}

interface SdkEvents {
  readonly media_progress: SdkProgress;
  /** An answer of VOD, or the error of one attempt. */
  readonly report_apply: { readonly data?: unknown; readonly err?: unknown };
}

/** The storage client inside an uploader, the only place that can pause. */
interface SdkStorage {
  pauseTask?(taskId: string): void;
  restartTask?(taskId: string): void;
  cancelTask?(taskId: string): void;
}

/** One running upload of the SDK. */
export interface SdkUploader {
  /** Absent until storage is in use. */
  readonly cos?: SdkStorage;
  readonly taskId?: string;
  on<E extends keyof SdkEvents>(event: E, listener: (report: SdkEvents[E]) => void): unknown;
  done(): Promise<{ readonly fileId: string }>;
}

/** Further options of the SDK, for its constructor and for its `upload()`. */
export interface SdkOptions {
  /** Whether the SDK reports its work to the vendor; false by default. */
  readonly allowReport?: boolean;
  readonly enableRaceRegion?: boolean;
  readonly appId?: number;
  readonly reportId?: string;
  /** Name of the media instead of the file's. */
  readonly mediaName?: string;
  /** Bytes of one part: 8 MiB by default, at least 1 MiB. */
  readonly chunkSize?: number;
  /** Number of parts of one file that are sent in parallel: 6 by default. */
  readonly chunkParallelLimit?: number;
  readonly chunkRetryTimes?: number;
  /** Milliseconds between two reports of progress. */
  readonly progressInterval?: number;
  /** Milliseconds before the SDK repeats a request. */
  readonly retryDelay?: number;
  readonly applyRequestTimeout?: number;
  readonly commitRequestTimeout?: number;
  readonly dynamicAccelerate?: boolean;
  readonly storageType?: string;
}

/** The class that the SDK exports. */
export type SdkClass = new (
  options: SdkOptions & { getSignature: () => Promise<string>; enableResume: boolean },
) => {
  upload(options: SdkOptions & { mediaFile: File; coverFile?: File }): SdkUploader;
};

/** The SDK's class, or a module that has it as its default export, however it was bundled. */
export type SdkModule = SdkClass | { readonly default: SdkModule };

/** Returns the vendor's SDK; called before the first upload, so that pages without an upload do not load it. */
export type SdkSource = () => SdkModule | Promise<SdkModule>;

/**
 * Returns the class of the SDK.
 *
 * @throws {VodUploadError} `sdk_unavailable` if there is none.
 */
export async function loadSdk(source: SdkSource): Promise<SdkClass> {
  try {
    let found = await source();
    while (typeof found !== 'function') found = found.default;
    return found;
  } catch (error) {
    const detail = 'The SDK cannot be loaded: `sdk` must return its class or its module.';
    throw new VodUploadError({ code: 'sdk_unavailable', detail }, { cause: error });
  }
}
