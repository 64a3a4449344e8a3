import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import { isServedHere } from '../local/cloud-address.ts';
import { isCloudHost } from '../local/emulator/emulator.ts';
import { type ClosableServer, HTTP_OPTIONS } from '../local/listen.ts';
import type { Authority, KeyPair } from './authority.ts';

/** First byte of a TLS connection: https://www.rfc-editor.org/rfc/rfc8446#section-5.1. */
const HANDSHAKE = 22;

/** The certificates of one emulator. */
export interface Certificates {
  /** The one for clients that name no host, or none of the cloud's. */
  readonly own: KeyPair;
  /** Returns the one for a host of the cloud. */
  of(host: string): Promise<SecureContext>;
}

/** Creates a certificate for `names`; those for the cloud's hosts are created when a client asks for them. */
export async function createCertificates(
  authority: Authority,
  names: readonly string[],
): Promise<Certificates> {
  const made = new Map<string, Promise<SecureContext>>();
  const make = async (host: string) => createSecureContext(await authority.issue([host]));
  return {
    own: await authority.issue(names),
    of(host) {
      const context = made.get(host) ?? make(host);
      made.set(host, context);
      return context;
    },
  };
}

/**
 * Creates a server that serves http, https and CONNECT on one port. A tunnel ends at this server itself, and is only
 * for the hosts that it serves.
 */
export function createTlsServer(
  handle: RequestListener,
  { own, of }: Certificates,
): ClosableServer {
  const sockets = new Set<Socket>();
  const plain = createHttpServer(HTTP_OPTIONS, handle);
  const secure = createHttpsServer(
    {
      ...{ ...HTTP_OPTIONS, ...own },
      SNICallback(name, done) {
        const host = name.toLowerCase();
        if (!isCloudHost(host)) return done(null, createSecureContext(own));
        of(host).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        );
      },
    },
    handle,
  );
  const serve = (socket: Duplex) => {
    socket.once('readable', () => {
      const first: Buffer | null = socket.read(1);
      if (first === null) return;
      socket.unshift(first);
      (first[0] === HANDSHAKE ? secure : plain).emit('connection', socket);
    });
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  const tunnel = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = (request.url ?? '').toLowerCase();
    if (!isServedHere(target)) {
      socket.end(
        `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\nThis proxy connects to VOD's hosts only, and not to ${target}.\n`,
      );
      return;
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    serve(socket);
  };
  plain.on('connect', tunnel);
  return {
    server,
    closeConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
