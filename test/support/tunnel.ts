import { connect, createServer } from 'node:net';
import { listen } from './listen.ts';

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
