import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** Only loopback addresses, since the stack is not for a network. `localhost` may be either of them. */
const IPV4 = '127.0.0.1';
const IPV6 = '::1';

/** Error codes of a machine without IPv6: https://man7.org/linux/man-pages/man2/bind.2.html. */
const NO_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** A server on a port. */
export interface Listening {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** A server that is not listening yet. */
export interface ClosableServer {
  readonly server: Server;
  closeConnections(): void;
}

/** How a server serves HTTP. An upload over a slow connection may take hours; only headers have a time limit. */
export const HTTP_OPTIONS = { requestTimeout: 0 } as const;

/**
 * Listens on one port of both loopback addresses, or of IPv4 alone if the machine has no IPv6.
 *
 * @param port 0 for any free port.
 * @param address the only one to listen on instead.
 * @throws an error with `code` `EADDRINUSE` if the port is in use on either of them.
 */
export function listenHere(
  handle: RequestListener,
  port: number,
  address?: string,
): Promise<Listening> {
  const create = () => {
    const server = createServer(HTTP_OPTIONS, handle);
    return { server, closeConnections: () => server.closeAllConnections() };
  };
  return listenEach(create, port, address);
}

/** The same for servers of any kind, one for each address. */
export async function listenEach(
  create: () => ClosableServer,
  port: number,
  address?: string,
): Promise<Listening> {
  const first = create();
  const taken = await listen(first.server, address ?? IPV4, port);
  if (address !== undefined) return { port: taken, close: () => closeServer(first) };
  const second = create();
  try {
    await listen(second.server, IPV6, taken);
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), 'code');
    if (NO_IPV6.some((known) => known === code)) {
      return { port: taken, close: () => closeServer(first) };
    }
    await closeServer(first);
    // A port that is free on one address may be in use on the other; the next attempt gets another port.
    if (port === 0 && code === 'EADDRINUSE') return listenEach(create, port);
    throw error;
  }
  return {
    port: taken,
    async close() {
      await Promise.all([first, second].map(closeServer));
    },
  };
}

function closeServer({ server, closeConnections }: ClosableServer): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  closeConnections();
  return closed;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => listening((server.address() as AddressInfo).port));
  });
}
