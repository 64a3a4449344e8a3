import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Only loopback addresses: nothing here is meant for a network. `localhost` may be either of them. */
const IPV4 = '127.0.0.1';
const IPV6 = '::1';

/** What a machine without IPv6 says: https://man7.org/linux/man-pages/man2/bind.2.html. */
const NO_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** A port that is listened to. */
export interface Listening {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Listens to one port of both loopback addresses, or of IPv4 alone where the machine has no other.
 *
 * @param port 0 takes any that is free.
 * @throws an error with `code` `EADDRINUSE` where the port is taken on either of them.
 */
export async function listenHere(handle: RequestListener, port: number): Promise<Listening> {
  // An upload over a slow line may take hours; only headers have to come soon.
  const create = () => createServer({ requestTimeout: 0 }, handle);
  const [first, second] = [create(), create()];
  const taken = await listen(first, IPV4, port);
  try {
    await listen(second, IPV6, taken);
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), 'code');
    if (NO_IPV6.some((known) => known === code)) {
      return { port: taken, close: () => closeServer(first) };
    }
    await closeServer(first);
    // A port that is free on one of them may be taken on the other; the next one is another.
    if (port === 0 && code === 'EADDRINUSE') return listenHere(handle, port);
    throw error;
  }
  return {
    port: taken,
    async close() {
      await Promise.all([first, second].map(closeServer));
    },
  };
}

function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeAllConnections();
  return closed;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => listening((server.address() as AddressInfo).port));
  });
}
