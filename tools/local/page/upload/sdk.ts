import type { SdkClass, SdkUploader } from '../../../../client/sdk.ts';

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
  readonly media_progress: { readonly loaded: number };
  readonly report_apply: SdkReport<SdkApplyData>;
  readonly report_cos_upload: SdkReport<never>;
  readonly report_commit: SdkReport<unknown>;
}

/** One running upload of the SDK, with what the page shows of it and no app needs. */
export interface ReportingUploader {
  /** The storage client; absent until storage is in use. */
  readonly cos?: { on?(event: 'before-send', listener: (request: StorageRequest) => void): void };
  on<E extends keyof SdkEvents>(event: E, listener: (report: SdkEvents[E]) => void): void;
}

declare global {
  interface Window {
    readonly TcVod?: SdkClass | { readonly default: SdkClass };
  }
}

/** What the page records of an upload of the SDK. */
interface SdkRecorder {
  /** Called with each signature that the SDK gets. */
  takeSignature(signature: string): void;
  watch(uploader: ReportingUploader): void;
}

/**
 * Returns the vendor's SDK, with a recorder between it and the client.
 *
 * @throws if the SDK's script has not been loaded.
 */
export function recordSdk({ takeSignature, watch }: SdkRecorder): SdkClass {
  const sdk = window.TcVod;
  if (sdk === undefined) throw new Error('The SDK did not load from /sdk.js');
  const Sdk = 'default' in sdk ? sdk.default : sdk;
  return class extends Sdk {
    constructor(options: ConstructorParameters<SdkClass>[0]) {
      const getSignature = async () => {
        const signature = await options.getSignature();
        takeSignature(signature);
        return signature;
      };
      super({ ...options, getSignature });
    }

    override upload(options: Parameters<InstanceType<SdkClass>['upload']>[0]): SdkUploader {
      const uploader = super.upload(options);
      watch(uploader as ReportingUploader);
      return uploader;
    }
  };
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
