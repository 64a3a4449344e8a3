import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLOUD_ACCOUNT } from '../account.ts';
import { readZip } from '../zip.ts';
import type { FunctionRecord } from './function-record.ts';

/** The result of a call of a function. */
export type Invocation = { readonly log: string } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }
);

const PROCESS = fileURLToPath(new URL('./function-process.cjs', import.meta.url));

/** Credentials of a function's role, which the platform adds to its environment. */
const ROLE_ENVIRONMENT = {
  TENCENTCLOUD_SECRETID: 'AKIDroleexample',
  TENCENTCLOUD_SECRETKEY: 'role-secret-key-example',
  TENCENTCLOUD_SESSIONTOKEN: 'role-token-example',
};

/**
 * Calls a function: its zip is unpacked into an empty folder, and a new process with only its environment loads it from
 * there.
 *
 * @see https://cloud.tencent.com/document/product/583/32748 for what the platform adds to the environment.
 */
export async function runFunction(record: FunctionRecord, event: unknown): Promise<Invocation> {
  const folder = await mkdtemp(join(tmpdir(), 'cloud-function-'));
  try {
    for (const { name, content } of readZip(record.code)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return await call(record, folder, event);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function call(record: FunctionRecord, folder: string, event: unknown): Promise<Invocation> {
  const context = {
    request_id: '3b1d5b1e-6c61-4b6f-9c10-2b9f64e1f0aa',
    function_name: record.name,
    function_version: '$LATEST',
    namespace: record.namespace,
    memory_limit_in_mb: record.memorySize,
    time_limit_in_ms: record.timeout * 1_000,
    environment: JSON.stringify(Object.fromEntries(record.environment)),
    tencentcloud_region: record.region,
    tencentcloud_appid: String(CLOUD_ACCOUNT.appId),
    tencentcloud_uin: CLOUD_ACCOUNT.uin,
  };
  const child = fork(PROCESS, [folder, record.handler, JSON.stringify({ event, context })], {
    env: {
      ...(record.role === '' ? {} : ROLE_ENVIRONMENT),
      TENCENTCLOUD_RUNENV: 'SCF',
      USER_CODE_ROOT: folder,
      ...Object.fromEntries(record.environment),
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: record.timeout * 1_000,
    killSignal: 'SIGKILL',
  });
  const errors: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(report as Invocation));
    child.once('error', reject);
    child.once('close', (code) => {
      const message = `The process ended with ${code}: ${Buffer.concat(errors)}`;
      resolve({ ok: false, message, log: '' });
    });
  });
}
