import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut. */
export interface Tunnel {
  /** The server's URL by this way. */
  readonly url: string;
  /** From now on it is as if the server were not there. */
  cut(): Promise<void>;
}

/**
 * Opens a way to the server of `url`.
 *
 * @param readUrl is asked at each connection, for a server that comes back on another port.
 */
export async function openTunnel(url: string, readUrl = () => url): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const target = new URL(readUrl());
    const outer = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((open) => server.listen(0, '127.0.0.1', open));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The tunnel has no port');
  const through = new URL(url);
  through.host = `127.0.0.1:${address.port}`;
  return {
    url: through.href,
    async cut() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
