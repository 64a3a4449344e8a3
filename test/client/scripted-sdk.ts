import type { SdkClass, SdkModule } from '../../client/sdk.ts';

type Listener = (report: never) => void;

/** One upload of the scripted SDK: a test does what VOD and storage would do. */
export interface ScriptedUpload {
  readonly options: object;
  /** What was asked of storage, in order. */
  readonly actions: readonly string[];
  /** Asks for a signature, as before each request to VOD. */
  sign(): Promise<string>;
  /** Has storage in use from now on. */
  store(): void;
  progress(loaded: number): void;
  report(event: string, report: object): void;
  succeed(fileId: string): void;
  fail(error: unknown): void;
}

/** The vendor's SDK, of which a test plays every step. */
export interface ScriptedSdk {
  readonly sdk: () => SdkModule;
  /** Its uploads in the order in which they began. */
  readonly uploads: readonly ScriptedUpload[];
}

/** Creates an SDK without any upload. */
export function scriptSdk(): ScriptedSdk {
  const uploads: ScriptedUpload[] = [];
  const Sdk = class {
    readonly #options: ConstructorParameters<SdkClass>[0];

    constructor(options: ConstructorParameters<SdkClass>[0]) {
      this.#options = options;
    }

    upload(options: { mediaFile: File }) {
      const { uploader, upload } = beginUpload({ ...this.#options, ...options });
      uploads.push(upload);
      return uploader;
    }
  };
  return { sdk: () => Sdk, uploads };
}

function beginUpload(options: ConstructorParameters<SdkClass>[0] & { mediaFile: File }) {
  const listeners = new Map<string, Listener[]>();
  const actions: string[] = [];
  const { promise, resolve, reject } = deferred<{ fileId: string }>();
  const act = (action: string) => (taskId: string) => void actions.push(`${action} ${taskId}`);
  const storage = {
    pauseTask: act('pause'),
    restartTask: act('restart'),
    cancelTask: act('cancel'),
  };
  const uploader: { cos?: typeof storage; taskId?: string } & object = {};
  const report = (event: string, told: object) => {
    for (const listener of listeners.get(event) ?? []) listener(told as never);
  };
  return {
    uploader: Object.assign(uploader, {
      on: (event: string, listener: Listener) =>
        listeners.set(event, [...(listeners.get(event) ?? []), listener]),
      done: () => promise,
    }),
    upload: {
      options,
      actions,
      report,
      sign: () => options.getSignature(),
      store: () => Object.assign(uploader, { cos: storage, taskId: 'task-1' }),
      progress: (loaded: number) =>
        report('media_progress', { loaded, total: options.mediaFile.size }),
      succeed: (fileId: string) => resolve({ fileId }),
      fail: reject,
    },
  };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
