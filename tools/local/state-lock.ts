import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { writeJsonFile } from './emulator/storage/json-file.ts';
import { LocalError } from './local-error.ts';

/** Where a process that uses a state folder listens, or that wants to. */
const holderSchema = v.object({
  pid: v.number(),
  address: v.string(),
  port: v.number(),
  /** Whether it has the folder, and no other one may have it. */
  held: v.optional(v.boolean(), true),
});
type Holder = v.InferOutput<typeof holderSchema>;

const healthSchema = v.object({ pid: v.number() });
const HEALTH_PATH = '/__local/health';
const HEALTH_TIMEOUT = 2_000;
/** Time after which claims are read again, while another process decides. */
const STEP_MILLISECONDS = 20;

/** Names of the files of claims: one for each process, so that nobody replaces that of another. */
const CLAIM_NAME = /^running(?:-[0-9a-f-]{36})?\.json$/;

/** What claims a state folder. */
export interface StateClaim {
  readonly dir: string;
  readonly port: number;
  /** 127.0.0.1 by default. */
  readonly address?: string | undefined;
  /** What the process is, such as "emulator", and the setting with which another one gets another folder. */
  readonly name: string;
  readonly setting: string;
}

/**
 * Claims a state folder for the process that listens on `port`: two would overwrite and remove each other's files.
 * Returns a function that releases it. A claim of a killed process does not count. The process must answer its health
 * route from then on, while it starts with {@link answerStarting}.
 *
 * @throws {LocalError} if a process that uses the folder answers.
 */
export async function claimState(claim: StateClaim): Promise<() => Promise<void>> {
  const { dir, port, address = '127.0.0.1' } = claim;
  await mkdir(dir, { recursive: true });
  const own = `running-${randomUUID()}.json`;
  const file = join(dir, own);
  const holder = { pid: process.pid, address, port };
  const release = () => rm(file, { force: true });
  try {
    // Who writes first and reads then is seen by all who come later, so two never have the folder.
    await writeJsonFile(file, { ...holder, held: false });
    for (;;) {
      const others = await listOthers(dir, own);
      const winner = others.find(({ held, name }) => held || name < own);
      if (winner !== undefined) throw inUse(claim, winner);
      if (others.length === 0) break;
      await setTimeout(STEP_MILLISECONDS);
    }
    await writeJsonFile(file, { ...holder, held: true });
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Returns the claims of other processes that answer, and removes those of processes that do not. */
async function listOthers(
  dir: string,
  own: string,
): Promise<readonly (Holder & { readonly name: string })[]> {
  const names = (await readdir(dir)).filter((name) => CLAIM_NAME.test(name) && name !== own);
  const found = await Promise.all(
    names.map(async (name) => {
      const holder = await readHolder(join(dir, name));
      if (holder !== undefined && (await answers(holder))) return { ...holder, name };
      await rm(join(dir, name), { force: true });
      return undefined;
    }),
  );
  return found.filter((holder) => holder !== undefined);
}

/** Answers 503 to everything, but says whose process it is, so that no other one takes its folder while it starts. */
export function answerStarting({ url }: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { 'Retry-After': '1', 'Content-Type': 'application/json' });
  response.end(JSON.stringify(url === HEALTH_PATH ? { status: 'starting', pid: process.pid } : {}));
}

function inUse({ dir, name, setting }: StateClaim, { port }: Holder): LocalError {
  return new LocalError(
    `The state in ${resolve(dir)} is in use by the ${name} on port ${port}: stop that one, or choose another folder with ${setting}.`,
  );
}

/** A file that is damaged, such as by a crash of the machine, is the same as none. */
async function readHolder(file: string): Promise<Holder | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return v.parse(holderSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Returns whether the process itself answers: another one may have its number or its port now. */
function answers({ pid, address, port }: Holder): Promise<boolean> {
  return new Promise((answer) => {
    const request = get(
      {
        ...{ host: address, port, path: HEALTH_PATH, agent: false },
        // An emulator answers to this name on all its addresses.
        headers: { Host: 'localhost' },
        signal: AbortSignal.timeout(HEALTH_TIMEOUT),
      },
      (response) => {
        json(response)
          .then((health) => v.is(healthSchema, health) && health.pid === pid)
          .then(answer, () => answer(false));
      },
    );
    request.once('error', () => answer(false));
  });
}
