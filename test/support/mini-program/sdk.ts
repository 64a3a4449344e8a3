import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import * as v from 'valibot';

/** What the SDK reports when an upload has ended. */
export interface FinishedUpload {
  readonly fileId: string;
  readonly videoUrl?: string;
  readonly coverUrl?: string;
}

/** The parameters of an upload, as far as tests use them. */
export interface SdkUpload {
  getSignature(callback: (signature: string) => void): void;
  /** A video as `wx.chooseVideo` returns it. */
  readonly mediaFile: { readonly tempFilePath: string; readonly size: number };
  /** An image as `wx.chooseImage` returns it. */
  readonly coverFile?: {
    readonly tempFilePaths: readonly [string];
    readonly tempFiles: readonly [{ readonly size: number }];
  };
  readonly mediaName?: string;
  readonly chunkSize?: number;
  readonly chunkParallelLimit?: number;
  readonly progressInterval?: number;
  error(error: unknown): void;
  progress(progress: { readonly percent: number }): void;
  finish(result: FinishedUpload): void;
}

/** An upload in progress. */
export interface SdkUploader {
  cancel(): void;
  pause(): void;
  restart(): void;
}

/** The vendor's SDK for mini programs. */
export interface MiniProgramSdk {
  start(upload: SdkUpload): SdkUploader;
}

const PATH = fileURLToPath(import.meta.resolve('vod-wx-sdk-v2/dist/vod-wx-sdk-v2.js'));
/** The vendor's own build, byte for byte. */
const SOURCE = readFileSync(PATH, 'utf8');
const SDK = v.custom<MiniProgramSdk>((value) => typeof Object(value).start === 'function');

/** Names that exist for a program's files without a value, as WeChat wraps them; and those that only Node.js has. */
const UNDEFINED = ['window', 'document', 'self', 'location', 'navigator', 'localStorage'];
const NOT_NODE = ['process', 'require', 'Buffer', 'global', 'globalThis'];

/**
 * Loads the vendor's SDK into a mini program, with new memory, as WeChat does at each start of the app. It sees `wx` but
 * nothing of Node.js; what it writes to the console is discarded.
 */
export function loadMiniProgramSdk(wx: object): MiniProgramSdk {
  const exports = {};
  const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
  const names = ['wx', 'module', 'exports', 'console', ...UNDEFINED, ...NOT_NODE];
  compileFunction(SOURCE, names, { filename: PATH })(wx, { exports }, exports, silent);
  return v.parse(SDK, exports);
}
