import type { AddressInfo, Server, Socket } from 'node:net';

/** A server on a port of this machine. */
export interface Listening {
  readonly port: number;
  /** `127.0.0.1` and the port. */
  readonly host: string;
  /** The host as a URL of plain HTTP. */
  readonly origin: string;
  /** Connections that were opened so far. */
  readonly connections: () => number;
  /** Ends the server and all its connections. */
  readonly close: () => Promise<void>;
}

/** Starts listening on a free port, with a server of any protocol. */
export async function listen(server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    open.add(socket);
    // A client that aborts is a matter of the test, and must not end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return {
    ...{ port, host, origin: `http://${host}` },
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
