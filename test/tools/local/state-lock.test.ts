import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerStarting, claimState, type StateClaim } from '../../../tools/local/state-lock.ts';
import { makeFolder } from '../../support/make-folder.ts';

let dir: string;
let servers: Server[];

beforeEach(async () => {
  dir = await makeFolder();
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
});

/** Returns the claim of a process that is starting. */
async function prepare(): Promise<StateClaim> {
  const server = createServer(answerStarting);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { dir, port, name: 'emulator', setting: '--state' };
}

/** Returns all claims in the folder. */
async function readClaims(): Promise<unknown[]> {
  const files = await readdir(dir);
  return Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(dir, name), 'utf8'))),
  );
}

const old = () => join(dir, 'running.json');

describe('claimState()', () => {
  it('refuses a second process, also while the first one is starting', async () => {
    const first = await prepare();
    await claimState(first);

    await expect(claimState(await prepare())).rejects.toThrow(
      `The state in ${dir} is in use by the emulator on port ${first.port}: stop that one, or choose another folder with --state.`,
    );

    const { port } = first;
    expect(await readClaims()).toEqual([
      { pid: process.pid, address: '127.0.0.1', port, held: true },
    ]);
  });

  it('lets exactly one of many have the folder', async () => {
    await writeFile(old(), '{"pid":1,"address":"127.0.0.1","port":1}');
    const claims = await Promise.all(Array.from({ length: 8 }, prepare));

    const outcomes = await Promise.allSettled(claims.map(claimState));

    const won = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    expect(won).toHaveLength(1);
    expect(await readClaims()).toMatchObject([{ port: claims[won[0] ?? -1]?.port, held: true }]);
  });

  it.each([
    ['of a process that does not answer', '{"pid":1,"address":"127.0.0.1","port":1}'],
    ['that is damaged', '{"pid"'],
    ['that is empty', ''],
  ])('takes no notice of a claim %s', async (_what, content) => {
    await writeFile(old(), content);
    const claim = await prepare();

    await claimState(claim);

    expect(await readClaims()).toMatchObject([{ port: claim.port }]);
  });

  it('takes no notice of a claim whose port another process has now', async () => {
    const { port } = await prepare();
    const claim = { pid: process.pid + 1, address: '127.0.0.1', port };
    await writeFile(old(), JSON.stringify(claim));

    await expect(claimState(await prepare())).resolves.toBeTypeOf('function');
  });

  it('refuses the folder of an earlier version that runs', async () => {
    const { port } = await prepare();
    const claim = { pid: process.pid, address: '127.0.0.1', port };
    await writeFile(old(), JSON.stringify(claim));

    await expect(claimState(await prepare())).rejects.toThrow(`on port ${port}`);

    expect(await readClaims()).toEqual([claim]);
  });

  it('can be made again after its release', async () => {
    const release = await claimState(await prepare());

    await release();

    expect(await readdir(dir)).toEqual([]);
    await expect(claimState(await prepare())).resolves.toBeTypeOf('function');
  });
});
