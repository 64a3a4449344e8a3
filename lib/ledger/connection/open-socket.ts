import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { defined } from '../../validation/json-object.ts';
import type { DatabaseHost } from './database-url.ts';
import type { TlsSettings } from './tls-settings.ts';

/** https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** Milliseconds for one address of a name that has several; the 250 of Node.js are too short for a distant server. */
const ADDRESS_MILLISECONDS = 1_000;

/** Messages with which a server may begin: Authentication, ErrorResponse, NegotiateProtocolVersion, NoticeResponse. */
const FIRST_MESSAGES = 'REvN';

/** Ways of logging in that the driver supports: none, in clear text, by MD5 and by SASL. */
const KNOWN_AUTHENTICATIONS: ReadonlySet<number> = new Set([0, 3, 5, 10]);

/**
 * Returns a socket to `host`, encrypted as `tls` says, that is ready for a startup message. If the other side does not
 * speak PostgreSQL, the socket is destroyed with an error that says so.
 *
 * The driver could do this itself, but it continues with TLS after a server has refused it, and cannot recognise a
 * server that is not PostgreSQL.
 *
 * @param milliseconds after which it gives up.
 * @throws an error with a `code`: that of the socket or of TLS, or `TLS_REFUSED`, `NOT_POSTGRESQL`, `CONNECT_TIMEOUT`.
 */
export async function openSocket(
  host: DatabaseHost,
  tls: TlsSettings,
  milliseconds: number,
): Promise<Socket> {
  const plain = host.name.startsWith('/')
    ? connectTcp({ path: `${host.name}/.s.PGSQL.${host.port}` })
    : connectTcp({
        host: host.name,
        port: host.port,
        noDelay: true,
        autoSelectFamilyAttemptTimeout: ADDRESS_MILLISECONDS,
      });
  // An error while someone awaits the socket reaches them; an error at any other time must not end the process.
  plain.on('error', () => undefined);
  const timer = setTimeout(() => plain.destroy(failWith('CONNECT_TIMEOUT')), milliseconds);
  try {
    await settle(plain, 'connect');
    const socket = await encrypt(plain, host.name, tls);
    socket.once('data', (data: Buffer) => {
      const code = explainFirst(data);
      if (code !== undefined) socket.destroy(failWith(code));
    });
    return socket;
  } catch (error) {
    plain.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function encrypt(plain: Socket, name: string, tls: TlsSettings): Promise<Socket> {
  if (tls.mode === 'off') return plain;
  plain.write(SSL_REQUEST);
  const answer = await readAnswer(plain);
  if (answer === 'N') {
    if (tls.mode === 'offered') return plain;
    throw failWith('TLS_REFUSED');
  }
  if (answer !== 'S') throw failWith(answer === 'E' ? 'CONNECTION_CLOSED' : 'NOT_POSTGRESQL');
  const socket = connectTls({
    socket: plain,
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...defined({ ca: tls.authorities && [...tls.authorities], minVersion: tls.minVersion }),
    rejectUnauthorized: tls.mode === 'chain' || tls.mode === 'full',
    // In the mode `chain` the name does not matter; in other modes it is compared as usual.
    ...(tls.mode === 'chain' ? { checkServerIdentity: () => undefined } : {}),
  });
  socket.on('error', () => undefined);
  await settle(socket, 'secureConnect');
  return socket;
}

/**
 * Returns the letter with which the server answers the request for TLS. If unencrypted data follow it, the result is
 * empty, since they could be from an attacker on the way (https://www.postgresql.org/support/security/CVE-2021-23222/).
 */
async function readAnswer(socket: Socket): Promise<string> {
  const answer = await settle<Buffer>(socket, 'data');
  // An error is followed by its text, which is not authenticated.
  return answer[0] === 0x45 || answer.length === 1 ? String.fromCharCode(answer[0] ?? 0) : '';
}

function explainFirst(data: Buffer): string | undefined {
  const type = String.fromCharCode(data[0] ?? 0);
  if (!FIRST_MESSAGES.includes(type)) return 'NOT_POSTGRESQL';
  if (type !== 'R' || data.length < 9) return undefined;
  return KNOWN_AUTHENTICATIONS.has(data.readUInt32BE(5)) ? undefined : 'AUTHENTICATION_UNKNOWN';
}

/** Returns the value of the event; throws if the socket fails or closes before it. */
function settle<Value = void>(socket: Socket | TLSSocket, event: string): Promise<Value> {
  return new Promise((resolve, reject) => {
    const close = () => reject(failWith('CONNECTION_CLOSED'));
    const succeed = (value: Value) => {
      socket.off('error', reject).off('close', close);
      resolve(value);
    };
    socket.once(event, succeed).once('error', reject).once('close', close);
  });
}

/** Returns an error of this connection, by its `code`. */
export function failWith(code: string): Error {
  return Object.assign(new Error(`The connection failed: ${code}.`), { code });
}
