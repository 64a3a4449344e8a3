import { chmod, mkdtemp } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnection } from '../../../../lib/ledger/connection/connection.ts';
import { LedgerError } from '../../../../lib/ledger/ledger-error.ts';
import { checkDatabase } from '../../../../tools/cli/doctor/check-database.ts';
import {
  discardLocalDatabase,
  type LocalDatabase,
  openLocalDatabase,
} from '../../../../tools/local/database.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { listen } from '../../../support/listen.ts';
import { removeScratch } from '../../../support/remove-scratch.ts';
import { useRequirement } from '../../../support/requirement.ts';

let folder: string;
/** The self-signed certificate of the server. */
let ca: string;
let otherCa: string;
let key: string;
/** A server that accepts TLS alone, as hosted ones do, under the name `localhost`. */
let url: string;
let database: LocalDatabase | undefined;

const isPresent = useRequirement('openssl');
beforeAll(async () => {
  if (!isPresent) return;
  folder = await mkdtemp(join(tmpdir(), 'ledger-tls-'));
  // As root, the server runs as another user, who must be able to enter the folder.
  await chmod(folder, 0o755);
  const other = await makeCertificate(folder, 'localhost');
  otherCa = other.cert.toString();
  const own = await makeCertificate(folder, 'localhost');
  [ca, key] = [own.cert.toString(), own.key.toString()];
  database = await openLocalDatabase(join(folder, 'data'), { databaseUrl: '', flags: [] });
  const admin = postgres(database.url, { max: 1, fetch_types: false, onnotice: () => undefined });
  // The server writes them itself: it may run as another user, who alone may read the key.
  const write = (name: string, text: string) =>
    admin.unsafe(
      `copy (select unnest(string_to_array('${text.trim()}', E'\\n'))) to program 'umask 077; cat > ${name}'`,
    );
  await write('server.key', key);
  await write('server.crt', ca);
  await write(
    'pg_hba.conf',
    'hostnossl all all 0.0.0.0/0 reject\nhostnossl all all ::/0 reject\nhostssl all all all scram-sha-256',
  );
  await admin`alter system set ssl = on`;
  await admin`alter system set password_encryption = 'scram-sha-256'`;
  await admin`select pg_reload_conf()`;
  const there = new URL(database.url);
  await admin.unsafe(`alter user ${there.username} password '${there.password}'`);
  await admin.end();
  there.hostname = 'localhost';
  url = there.href;
});
afterAll(async () => {
  await database?.close();
  if (isPresent) await discardLocalDatabase(join(folder, 'data'));
  if (isPresent) await removeScratch(folder);
});

/** Returns whether the connection is encrypted, or the code and text of the error. */
async function ask(databaseUrl: string, databaseCa?: string) {
  const connection = createConnection({ databaseUrl, databaseCa });
  try {
    const [row] = await connection.run((sql) =>
      sql.unsafe<{ ssl: boolean }[]>('select ssl from pg_stat_ssl where pid = pg_backend_pid()'),
    );
    return row?.ssl;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { code: error.code, passes: error.isTransient, text: error.message };
  } finally {
    await connection.close();
  }
}

describe('a server that speaks TLS', () => {
  it('is used with its CA and its name', async () => {
    expect(await ask(url, ca)).toBe(true);
    expect(await ask(`${url}?sslmode=verify-full`, ca)).toBe(true);
    expect(await ask(`${url}?ssl_min_protocol_version=TLSv1.3`, ca)).toBe(true);
    expect(await checkDatabase(`${url}?sslmode=verify-full`, ca)).toEqual([
      expect.objectContaining({ check: 'migrations' }),
    ]);
  });

  it('is refused if its CA is not trusted', async () => {
    for (const asked of [
      await ask(`${url}?sslmode=verify-full`),
      await ask(`${url}?sslmode=require&channel_binding=require`),
      await ask(`${url}?sslmode=verify-full`, otherCa),
      await ask(`${url}?sslmode=require`, otherCa),
      await ask(`${url}?sslmode=verify-ca`, otherCa),
    ]) {
      expect(asked).toEqual({
        code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO|CERT_/),
        passes: false,
        text: expect.stringMatching(
          /not from an authority that is trusted here; set DATABASE_CA .*sslmode=require/,
        ),
      });
    }
  });

  it('is refused under another name unless only its CA is checked', async () => {
    const address = url.replace('localhost', '127.0.0.1');

    expect(await ask(`${address}?sslmode=verify-full`, ca)).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      passes: false,
      text: expect.stringMatching(/for another name; .*host of DATABASE_URL.*sslmode=verify-ca/),
    });
    expect(await ask(`${address}?sslmode=verify-ca`, ca)).toBe(true);
    expect(await ask(`${address}?sslmode=require`, ca)).toBe(true);
  });

  it('is used unchecked if the URL says so, and doctor warns about it', async () => {
    expect(await ask(`${url}?sslmode=require`)).toBe(true);
    expect(await ask(`${url}?sslmode=no-verify`)).toBe(true);
    expect(await ask(`${url}?sslmode=prefer`)).toBe(true);

    const notes = await checkDatabase(`${url}?sslmode=require`);
    expect(notes[0]).toMatchObject({
      kind: 'warning',
      text: expect.stringMatching(/DATABASE_URL has sslmode .*anyone may answer there/),
      remedy: expect.stringMatching(/sslmode=verify-full.*DATABASE_CA/),
    });
  });

  it('explains a connection that lacks TLS', async () => {
    expect(await ask(`${url}?sslmode=disable`)).toMatchObject({
      code: '28000',
      passes: false,
      text: expect.stringContaining('sslmode=require or better into DATABASE_URL'),
    });
  });
});

/** A server of an attacker, and the bytes that it received. */
async function openImpostor(answer: (socket: Socket, given: Buffer[]) => void) {
  const given: Buffer[] = [];
  const server = createServer((socket) => {
    answer(socket, given);
  });
  const { host, close } = await listen(server);
  return {
    url: `postgres://ann:canary@${host}/uploads`,
    given: () => Buffer.concat(given).toString('latin1'),
    close,
  };
}

/** AuthenticationCleartextPassword. */
const CLEAR_TEXT = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

describe('an attacker between client and server', () => {
  const refuseTls = (socket: Socket, given: Buffer[]) => {
    socket.once('data', () => {
      socket.write('N');
      socket.on('data', (data) => {
        given.push(data);
        socket.write(CLEAR_TEXT);
      });
    });
  };
  const impersonate = (socket: Socket, given: Buffer[]) => {
    socket.once('data', () => {
      socket.write('S');
      const secureContext = createSecureContext({ key, cert: ca });
      const tls = new TLSSocket(socket, { isServer: true, secureContext });
      tls.on('error', () => undefined);
      tls.on('data', (data) => {
        given.push(data);
        tls.write(CLEAR_TEXT);
      });
    });
  };

  it.each(['sslmode=require', 'sslmode=verify-full', 'channel_binding=require', 'ssl=true'])(
    'that denies TLS receives nothing with %s',
    async (query) => {
      const impostor = await openImpostor(refuseTls);

      expect(await ask(`${impostor.url}?${query}`)).toMatchObject({
        code: 'TLS_REFUSED',
        passes: false,
        text: expect.stringMatching(new RegExp(`no TLS, which ${query.split('=')[0]} asks for`)),
      });
      expect(impostor.given()).toBe('');
      await impostor.close();
    },
  );

  it('with another certificate receives nothing if it is checked', async () => {
    const impostor = await openImpostor(impersonate);

    for (const query of ['sslmode=verify-full', 'sslmode=require&channel_binding=require']) {
      expect(await ask(`${impostor.url}?${query}`)).toMatchObject({ passes: false });
    }
    expect(impostor.given()).toBe('');
    await impostor.close();
  });

  it('that sends data before TLS is refused', async () => {
    const impostor = await openImpostor((socket) => {
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from('S'), CLEAR_TEXT])));
    });

    expect(await ask(`${impostor.url}?sslmode=require`)).toMatchObject({ code: 'NOT_POSTGRESQL' });
    await impostor.close();
  });
});

describe('a server other than PostgreSQL', () => {
  it.each<[string, string]>([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a Redis server', '-ERR unknown command\r\n'],
  ])('is recognized: %s', async (_name, said) => {
    for (const query of ['', '?sslmode=require', '?sslmode=prefer']) {
      const server = await openImpostor((socket) => socket.once('data', () => socket.end(said)));
      expect(await ask(`${server.url}${query}`)).toEqual({
        code: 'NOT_POSTGRESQL',
        passes: false,
        text: expect.stringMatching(/does not speak PostgreSQL; set host and port of DATABASE_URL/),
      });
      await server.close();
    }
  });

  it('is recognized if it sends data first', async () => {
    for (const query of ['', '?sslmode=require']) {
      const server = await openImpostor((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
      expect(await ask(`${server.url}${query}`)).toMatchObject({ code: 'NOT_POSTGRESQL' });
      await server.close();
    }
  });

  it('is refused immediately if it asks for an unknown authentication method', async () => {
    const kerberos = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 7]);
    const server = await openImpostor((socket) =>
      socket.once('data', () => socket.write(kerberos)),
    );

    expect(await ask(server.url)).toMatchObject({ code: 'AUTHENTICATION_UNKNOWN', passes: false });
    await server.close();
  });
});
