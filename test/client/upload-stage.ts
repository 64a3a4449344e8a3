import { beforeEach, vi } from 'vitest';
import type { VodUpload, VodUploadClient, VodUploadOptions } from '../../client/vod-upload.ts';
import { type ScriptedSdk, type ScriptedUpload, scriptSdk } from './scripted-sdk.ts';
import { ENDPOINT, type ScriptedService, scriptService } from './scripted-service.ts';

/** A client between a scripted service and a scripted SDK; time is the test's. */
export interface UploadStage {
  readonly service: ScriptedService;
  readonly sdk: ScriptedSdk;
  client(options?: Partial<VodUploadOptions>): VodUploadClient;
  /** Loads the package again, as a page does that is reloaded; what is stored remains. */
  reload(): Promise<void>;
  /** Has a part of time pass, and everything done that it allows. */
  pass(milliseconds?: number): Promise<void>;
  /** Returns the upload of the SDK that began last, once it has begun. */
  transfer(): Promise<ScriptedUpload>;
}

/** Gives each test a stage of its own. */
export function useUploadStage(): UploadStage {
  let service: ScriptedService;
  let sdk: ScriptedSdk;
  let loaded: typeof import('../../client/vod-upload.ts');
  const reload = async () => {
    vi.resetModules();
    loaded = await import('../../client/vod-upload.ts');
  };
  beforeEach(async () => {
    await reload();
    vi.useFakeTimers();
    service = scriptService();
    sdk = scriptSdk();
    stubStorage();
    return () => vi.useRealTimers();
  });
  const pass = async (milliseconds = 0) => {
    await vi.advanceTimersByTimeAsync(milliseconds);
  };
  return {
    get service() {
      return service;
    },
    get sdk() {
      return sdk;
    },
    client: (options = {}) =>
      loaded.createVodUpload({ endpoint: ENDPOINT, token: 'token-1', sdk: sdk.sdk, ...options }),
    pass,
    reload,
    async transfer() {
      await pass();
      const upload = sdk.uploads.at(-1);
      if (upload === undefined) throw new Error('The SDK has not begun an upload');
      return upload;
    },
  };
}

/** Returns a file of `bytes`. */
export function fileOf(name = 'film.mp4', bytes = 100): File {
  return new File([new Uint8Array(bytes)], name, {
    type: 'video/mp4',
    lastModified: 1_700_000_000_000,
  });
}

/** Returns the names of the states of an upload, and adds to them. */
export function recordStates(upload: VodUpload): string[] {
  const names: string[] = [upload.state.name];
  upload.subscribe(({ name }) => {
    if (names.at(-1) !== name) names.push(name);
  });
  return names;
}

/** A browser's storage: names are its own enumerable members. */
function stubStorage(): void {
  const methods = {
    getItem(this: Record<string, string>, name: string) {
      return this[name] ?? null;
    },
    setItem(this: Record<string, string>, name: string, value: string) {
      this[name] = value;
    },
    removeItem(this: Record<string, string>, name: string) {
      delete this[name];
    },
  };
  vi.stubGlobal('localStorage', Object.create(methods));
}
