import { connect, createServer } from 'node:net';
import { listen } from './listen.ts';

/** A connection to a server that can be cut. */
export interface Tunnel {
  /** The server's URL through the tunnel. */
  readonly url: string;
  /** From now on, the server cannot be reached. */
  cut(): Promise<void>;
}

/**
 * Opens a tunnel to the server of `url`.
 *
 * @param readUrl is called at each connection, since a server may be started again on another port.
 */
export async function openTunnel(url: string, readUrl = () => url): Promise<Tunnel> {
  const server = createServer((inner) => {
    const target = new URL(readUrl());
    const outer = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  const { host, close } = await listen(server);
  const through = new URL(url);
  through.host = host;
  return { url: through.href, cut: close };
}
