import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitForDatabase } from '../../tools/wait-for-database.ts';
import { useDatabases } from '../support/use-ledger.ts';

const databases = useDatabases();
let databaseUrl: URL;
const servers: Server[] = [];

beforeAll(async () => {
  databaseUrl = new URL(await databases.create('empty'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Listens on `port` and passes each connection to the next of `answers`, and all later ones to the last. */
async function listen(port: number, ...answers: ((socket: Socket) => void)[]): Promise<number> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    answers[Math.min(count, answers.length - 1)]?.(socket);
    count += 1;
  });
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Connects to the real server. */
function lead(socket: Socket): void {
  const server = connect(Number(databaseUrl.port), databaseUrl.hostname);
  server.on('error', () => socket.destroy());
  socket.pipe(server).pipe(socket);
}

/** Refuses as a server does: https://www.postgresql.org/docs/current/protocol-message-formats.html. */
const refuse = (code: string, message: string) => (socket: Socket) => {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(fields.length + 4, 1);
  socket.once('data', () => socket.end(Buffer.concat([head, fields])));
};

const startingUp = refuse('57P03', 'the database system is starting up');
const reset = (socket: Socket) => socket.resetAndDestroy();

function urlAt(port: number): string {
  const url = new URL(databaseUrl);
  url.port = String(port);
  return url.href;
}

async function freePort(): Promise<number> {
  const port = await listen(0, reset);
  const server = servers.pop();
  server?.close();
  if (server !== undefined) await once(server, 'close');
  return port;
}

describe('waitForDatabase()', () => {
  it('prints nothing if the server is up', async () => {
    const said: string[] = [];

    await waitForDatabase(databaseUrl.href, { say: (line) => said.push(line) });

    expect(said).toEqual([]);
  });

  it.each([
    ['is starting', startingUp, '57P03'],
    ['is stopped again during its preparation', refuse('57P01', 'stopping'), '57P01'],
    ['is behind a proxy that accepts and then closes connections', reset, 'ECONNRESET'],
  ])('waits for a server that %s', async (_what, answer, code) => {
    const said: string[] = [];
    // One attempt opens more than one connection.
    const port = await listen(0, answer, answer, answer, answer, lead);

    await waitForDatabase(urlAt(port), { say: (line) => said.push(line) });

    expect(said).toHaveLength(1);
    expect(said[0]).toBe(
      `The database of DATABASE_URL is not up yet (${code}): waiting for up to 60 s.`,
    );
  });

  it('waits for a server that does not listen yet', async () => {
    const port = await freePort();
    const said: string[] = [];
    const listening: Promise<number>[] = [];

    await waitForDatabase(urlAt(port), {
      say: (line) => {
        said.push(line);
        listening.push(listen(port, lead));
      },
    });

    expect(said[0]).toContain('ECONNREFUSED');
    expect(await listening[0]).toBe(port);
  });

  it('gives up at the end, and says what to do', async () => {
    const said: string[] = [];
    const port = await listen(0, startingUp);

    const waiting = waitForDatabase(urlAt(port), {
      ...{ say: (line: string) => said.push(line), milliseconds: 700 },
    });

    await expect(waiting).rejects.toThrow(
      /^Gave up after 1 s\. The database of DATABASE_URL failed: it is starting or stopping; check that/,
    );
    expect(said).toHaveLength(1);
  });

  it.each([
    ['28P01', 'password authentication failed for user "ann"', 'this user with this password'],
    ['3D000', 'database "none" does not exist', 'no database of this name'],
  ])('does not wait for an error that waiting does not fix: %s', async (code, message, told) => {
    const port = await listen(0, refuse(code, message));
    const said: string[] = [];

    const waiting = waitForDatabase(urlAt(port), { say: (line) => said.push(line) });

    await expect(waiting).rejects.toThrow(/^The database of DATABASE_URL failed: /);
    await expect(waiting).rejects.toThrow(told);
    expect(said).toEqual([]);
  });

  it.each(['not a url', 'postgres://u:hidden-value@host:x/a'])(
    'refuses %s and names the variable',
    async (text) => {
      const waiting = waitForDatabase(text, { say: () => undefined });

      await expect(waiting).rejects.toThrow('The database cannot be used: DATABASE_URL');
      await expect(waiting).rejects.not.toThrow('hidden-value');
    },
  );

  it('never prints the password', async () => {
    const port = await listen(0, startingUp);
    const url = new URL(urlAt(port));
    url.password = 'hidden-value';
    const said: string[] = [];

    const waiting = waitForDatabase(url.href, {
      ...{ say: (line: string) => said.push(line), milliseconds: 0 },
    });

    await expect(waiting).rejects.not.toThrow('hidden-value');
    expect(said.join()).not.toContain('hidden-value');
  });
});
