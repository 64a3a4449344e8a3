import type { Browser, Page } from 'playwright-core';
import { STEP_MILLISECONDS } from '../support/chromium.ts';
import type { MadeFile } from '../support/made-file.ts';

/** A file that the page fetches from the address where a test serves it. */
export interface FetchedFile {
  readonly name: string;
  readonly url: string;
}

/** The caller who asks for signatures. */
export interface Caller {
  readonly sub?: string;
  /** Scopes, separated by spaces. */
  readonly scope?: string;
  /** Further claims of its token, such as the one that names its tenant. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The parameters of an upload on the page. */
interface UploadPlan {
  readonly media?: MadeFile | FetchedFile;
  readonly cover?: MadeFile;
  /** Body of `POST /signature`. */
  readonly request?: Readonly<Record<string, unknown>>;
  readonly caller?: Caller;
  /** One signature for every call, as a naive app does. */
  readonly reuseSignature?: string;
  /** Options of the SDK's `upload()`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The state or the end of an upload on the page. */
interface UploadState {
  readonly done?: {
    readonly fileId: string;
    readonly video?: { readonly url: string };
    readonly cover?: { readonly url: string };
  };
  readonly error?: {
    readonly code?: unknown;
    readonly message: string;
    /** The answer of the signature function, if it refused and the SDK reported that. */
    readonly problem?: Readonly<Record<string, unknown>>;
  };
  /** Share of the media's bytes that are sent, 0 to 1. */
  readonly progress: number;
  readonly signatures: readonly string[];
  readonly uploadId?: string;
}

/** What the page's program makes available to `evaluate`. */
declare const window: {
  readonly uploads: Record<string, UploadState>;
  readonly startUpload: (id: string, plan: UploadPlan) => Promise<void>;
  readonly controlUpload: (id: string, action: 'pause' | 'resume' | 'cancel') => void;
};

/** The program of the page; it is text, since it runs in the browser and not in this program. */
const PROGRAM = `
const TcVod = window.TcVod.default || window.TcVod;
const uploaders = {};
window.uploads = {};

async function makeFile({ name, bytes, seed, url }) {
  if (url) return new File([await (await fetch(url)).arrayBuffer()], name, { lastModified: 1700000000000 });
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let x = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i += 1) {
    x ^= x << 13; x >>>= 0; x ^= x >>> 17; x ^= x << 5; x >>>= 0;
    words[i] = x;
  }
  return new File([words.buffer.slice(0, bytes)], name, { lastModified: 1700000000000 });
}

async function call(path, body, token) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: 'Bearer ' + token } : {}) },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), { problem: answer });
  return answer;
}

window.startUpload = async (id, plan) => {
  const state = { progress: 0, signatures: [] };
  window.uploads[id] = state;
  const getSignature = async () => {
    if (plan.reuseSignature) return plan.reuseSignature;
    const { token } = await call('/__local/token', plan.caller || {});
    const request = { ...plan.request, ...(state.uploadId ? { uploadId: state.uploadId } : {}) };
    const answer = await call('/signature', request, token);
    state.uploadId = answer.uploadId;
    state.signatures.push(answer.signature);
    return answer.signature;
  };
  const sdk = new TcVod({ getSignature, allowReport: false });
  const uploader = sdk.upload({
    ...(plan.media ? { mediaFile: await makeFile(plan.media) } : {}),
    ...(plan.cover ? { coverFile: await makeFile(plan.cover) } : {}),
    progressInterval: 50,
    retryDelay: 50,
    ...plan.options,
  });
  uploaders[id] = uploader;
  uploader.on('media_progress', ({ percent }) => { state.progress = percent; });
  uploader.done().then(
    (done) => { state.done = done; },
    (error) => {
      const { code, message = String(error), problem } = Object(error);
      state.error = { code, message, problem };
    },
  );
};

window.controlUpload = (id, action) => {
  const uploader = uploaders[id];
  if (action === 'pause') uploader.cos.pauseTask(uploader.taskId);
  if (action === 'resume') uploader.cos.restartTask(uploader.taskId);
  if (action === 'cancel') uploader.cancel();
};
`;

/** A page of an app that uses the vendor's SDK, controlled by a test. */
export interface SdkPage {
  readonly page: Page;
  start(id: string, plan: UploadPlan): Promise<void>;
  control(id: string, action: 'pause' | 'resume' | 'cancel'): Promise<void>;
  state(id: string): Promise<UploadState>;
  /** Resolves when `share` of the upload's bytes are sent. */
  reaches(id: string, share: number): Promise<void>;
  /** Resolves with the end of an upload, whether it succeeded or failed. */
  ends(id: string): Promise<UploadState>;
}

/** Opens such a page at `origin`, with or without the shim before the SDK; `sdk` is the path of another version. */
export async function openSdkPage(
  browser: Browser,
  origin: string,
  { shim = true, sdk }: { readonly shim?: boolean; readonly sdk?: string } = {},
): Promise<SdkPage> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(STEP_MILLISECONDS);
  const page = await context.newPage();
  await page.route(`${origin}/app`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>app</title>
        ${shim ? '<script src="/shim.js"></script>' : ''}
        <script src="/sdk.js"></script><script>${PROGRAM}</script>`,
    }),
  );
  if (sdk !== undefined) {
    await page.route(`${origin}/sdk.js`, (route) =>
      route.fulfill({ contentType: 'text/javascript; charset=utf-8', path: sdk }),
    );
  }
  await page.goto(`${origin}/app`);
  return {
    page,
    start: (id, plan) => page.evaluate(([i, p]) => window.startUpload(i, p), [id, plan] as const),
    control: (id, action) =>
      page.evaluate(([i, a]) => window.controlUpload(i, a), [id, action] as const),
    state: (id) => page.evaluate((i) => window.uploads[i] as UploadState, id),
    async reaches(id, share) {
      await page.waitForFunction(([i, s]) => (window.uploads[i]?.progress ?? 0) >= s, [
        id,
        share,
      ] as const);
    },
    async ends(id) {
      const ended = await page.waitForFunction((i) => {
        const state = window.uploads[i];
        return state?.done !== undefined || state?.error !== undefined ? state : undefined;
      }, id);
      return (await ended.jsonValue()) as UploadState;
    },
  };
}
