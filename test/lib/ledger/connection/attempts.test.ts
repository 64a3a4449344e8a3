import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Connection, createConnection } from '../../../../lib/ledger/connection/connection.ts';
import { listen } from '../../../support/listen.ts';
import { useDatabases } from '../../../support/use-ledger.ts';

/** A server that accepts connections and treats them as given; `taken` lists their times. */
async function openServer(treat: (socket: Socket) => void) {
  const taken: number[] = [];
  const server = createServer((socket) => {
    taken.push(performance.now());
    treat(socket);
  });
  const { host, close } = await listen(server);
  return { taken, url: `postgres://ann:canary@${host}/u`, close };
}

const WAYS: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['closes immediately', (socket) => socket.end()],
  ['resets immediately', (socket) => socket.resetAndDestroy()],
  ['closes at the first message', (socket) => socket.once('data', () => socket.end())],
  [
    'accepts the login and closes at the first query',
    (socket) =>
      socket.once('data', () => {
        socket.write(Buffer.concat([message('R', 0), message('K', 1, 1), READY]));
        socket.once('data', () => socket.end());
      }),
  ],
  [
    'is starting up',
    (socket) =>
      socket.once('data', () =>
        socket.end(
          message('E', 'SFATAL', 'VFATAL', 'C57P03', 'Mthe database system is starting up', ''),
        ),
      ),
  ],
];

const opened: Connection[] = [];
afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close();
});

function connect(databaseUrl: string, answerMilliseconds = 3_000): Connection {
  const options = { databaseUrl, clock: Date, answerMilliseconds, random: { fraction: () => 1 } };
  const connection = createConnection(options);
  opened.push(connection);
  return connection;
}

const ask = (connection: Connection) =>
  connection
    .run((sql) => sql.unsafe('select 1'))
    .then(
      () => 'answered',
      (error: unknown) => error,
    );

describe('a server or a load balancer that', () => {
  it.each(WAYS)('%s gets few connections from many callers', async (_way, treat) => {
    const server = await openServer(treat);
    const connection = connect(server.url);
    const until = performance.now() + 2_000;
    const errors: unknown[] = [];
    const caller = async () => {
      while (performance.now() < until) errors.push(await ask(connection));
    };
    await Promise.all(Array.from({ length: 25 }, caller));

    // Two at first, then one after 20, 40, 80 … milliseconds.
    expect(server.taken.length).toBeGreaterThan(2);
    expect(server.taken.length).toBeLessThanOrEqual(11);
    expect(errors.length).toBeGreaterThan(25);
    for (const error of errors)
      expect(error).toMatchObject({ name: 'LedgerError', isTransient: true });
    await server.close();
  });

  it('does not answer is given up with a transient error', async () => {
    const server = await openServer(() => undefined);
    const connection = connect(server.url, 200);

    expect(await ask(connection)).toMatchObject({
      code: expect.stringMatching(/^(?:NO_ANSWER|CONNECT_TIMEOUT)$/),
      isTransient: true,
    });
    expect(server.taken.length).toBeLessThanOrEqual(2);
    await server.close();
  });
});

/** A message of the server: https://www.postgresql.org/docs/current/protocol-message-formats.html. */
function message(type: string, ...parts: readonly (string | number | Buffer)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return int32(part);
      return typeof part === 'string' ? Buffer.from(`${part}\0`) : part;
    }),
  );
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(number);
  return bytes;
}

/** A number in two bytes. */
const count = (number: number) => Buffer.from([0, number]);
const SHORT = count(0);

/** ReadyForQuery, outside a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** A column of a RowDescription: its name and the number of its type. */
const column = (name: string, type: number) => [name, 0, SHORT, type, SHORT, -1, SHORT] as const;

/** The answers of a hot standby to a login and to the first query. */
function beStandby(socket: Socket): void {
  const answers = [
    [message('R', 0), message('K', 1, 1), READY],
    [
      message('T', count(2), ...column('plans', 25), ...column('is_standby', 16)),
      message('D', count(2), 18, Buffer.from('force_generic_plan'), 1, Buffer.from('t')),
      message('C', 'SELECT 1'),
      READY,
    ],
  ];
  socket.on('data', () => {
    const answer = answers.shift();
    if (answer !== undefined) socket.write(Buffer.concat(answer));
  });
}

describe('several hosts', () => {
  const databases = useDatabases();

  it('are tried in turn until a primary answers, which is then tried first', async () => {
    const standby = await openServer(beStandby);
    const dead = await openServer((socket) => socket.end());
    const url = new URL(await databases.create());
    const hosts = [dead.url, standby.url].map((each) => new URL(each).host);
    const connection = connect(url.href.replace(url.host, [...hosts, url.host].join(',')));
    const kill = 'select pg_terminate_backend(pg_backend_pid())';

    expect(await ask(connection)).toBe('answered');
    await connection.run((sql) => sql.unsafe(kill)).catch(() => undefined);
    expect(await ask(connection)).toBe('answered');

    expect([dead.taken.length, standby.taken.length]).toEqual([1, 1]);
    for (const each of [dead, standby]) await each.close();
  });

  it('fail with the error of the last one if none is a primary', async () => {
    const standby = await openServer(beStandby);
    const connection = connect(`postgres://a:b@127.0.0.1:1,${new URL(standby.url).host}/u`);

    expect(await ask(connection)).toMatchObject({
      ...{ code: '25006', isTransient: true },
      message: expect.stringMatching(/is read-only; set DATABASE_URL to the primary/),
    });
    await standby.close();
  });
});
