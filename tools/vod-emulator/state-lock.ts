import { readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import * as v from 'valibot';
import { LocalError } from '../local/local-error.ts';

/** Where the emulator that uses a state folder listens. */
const holderSchema = v.object({ pid: v.number(), address: v.string(), port: v.number() });
type Holder = v.InferOutput<typeof holderSchema>;

const healthSchema = v.object({ pid: v.number() });
const HEALTH_TIMEOUT = 2_000;

/**
 * Claims a state folder for the emulator that listens on `port`: two emulators would overwrite and remove each other's
 * files. Returns a function that releases it. A claim of a killed emulator does not count.
 *
 * @throws {LocalError} if an emulator that uses the folder answers.
 */
export async function claimState(
  dir: string,
  port: number,
  address = '127.0.0.1',
): Promise<() => Promise<void>> {
  const file = join(dir, 'running.json');
  const holder = await readHolder(file);
  if (holder !== undefined && (await answers(holder))) {
    throw new LocalError(
      `The state in ${resolve(dir)} is in use by the emulator on port ${holder.port}: stop that one, or choose another folder with --state.`,
    );
  }
  const own: Holder = { pid: process.pid, address, port };
  await writeFile(file, JSON.stringify(own));
  return () => rm(file, { force: true });
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
        ...{ host: address, port, path: '/__local/health', agent: false },
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
