import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalStack } from '../../../../tools/local/local-stack.ts';
import { seen } from '../../../support/activities.ts';
import { runCommand, type Variables } from '../cli-stage.ts';

/** A stack, and a folder for files. */
export interface PutPlace {
  readonly stack: LocalStack;
  readonly dir: string;
}

export const MEBIBYTE = 1024 * 1024;

const BIN = fileURLToPath(new URL('../../../../tools/cli/vod-upload.mjs', import.meta.url));

/** Calls a control of the stack. */
export async function control(
  { stack }: Pick<PutPlace, 'stack'>,
  path: string,
  body: object,
): Promise<unknown> {
  const init = { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${stack.origin}/__local/${path}`, init);
  return response.json();
}

/** Returns the variables of a caller of the functions. */
export async function callerVariables(stage: PutPlace, scope: string): Promise<Variables> {
  const token = Object(await control(stage, 'token', { sub: 'user-42', scope })).token;
  return { VOD_UPLOAD_ENDPOINT: stage.stack.origin, VOD_UPLOAD_TOKEN: token };
}

/** Returns the variables of the account. */
export function accountVariables({ stack: { account } }: PutPlace): Variables {
  return {
    VOD_SECRET_ID: account.secretId,
    VOD_SECRET_KEY: account.secretKey,
    VOD_SUB_APP_ID: String(account.subAppId),
  };
}

/** Writes a file into the stage's folder: noise of that many bytes, or what is given. */
export async function writeMedia(
  { dir }: PutPlace,
  name: string,
  content: number | string | Buffer,
): Promise<Buffer> {
  const bytes = typeof content === 'number' ? randomBytes(content) : Buffer.from(content);
  await mkdir(dirname(join(dir, name)), { recursive: true });
  await writeFile(join(dir, name), bytes);
  return bytes;
}

/** Runs `put` in this process, in the stage's folder. */
export function runPut(
  { stack, dir }: PutPlace,
  args: readonly string[],
  variables: Variables,
  change: Parameters<typeof runCommand>[2] = {},
) {
  const cloud = ['--cloud-url', `${stack.origin}/__vod`];
  return runCommand(['put', ...args, ...cloud], variables, { folder: dir, ...change });
}

/** A running program. */
export interface RunningPut {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly error: () => string;
  /** Resolves with its exit code, null if it was killed. */
  readonly ended: Promise<number | null>;
}

/** Starts `vod-upload put` as a shell does, in the stage's folder. */
export function startPut(
  { stack, dir }: PutPlace,
  args: readonly string[],
  variables: Variables,
): RunningPut {
  const cloud = ['--cloud-url', `${stack.origin}/__vod`];
  const child = spawn(process.execPath, [BIN, 'put', ...args, ...cloud], {
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, error] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    error += String(chunk);
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, out: () => out, error: () => error, ended };
}

/** Returns how often storage received parts. */
export function countParts({ stack }: PutPlace): number {
  return seen(stack, 'storage').filter(
    ({ operation, status }) => operation === 'UploadPart' && status === 200,
  ).length;
}
