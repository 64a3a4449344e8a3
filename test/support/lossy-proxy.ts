import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call of VOD's API that was carried out. */
export interface CarriedOut {
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** VOD's answer, as text. */
  readonly answer: string;
}

/** What stands between the functions and VOD's API. */
export interface LossyProxy {
  /** `127.0.0.1` and the port. */
  readonly endpoint: string;
  /** All that was carried out, in its order. */
  readonly calls: readonly CarriedOut[];
  readonly close: () => Promise<void>;
}

/**
 * Starts a proxy that passes every call on to `host`.
 *
 * @param loses is asked of each call that was carried out; where it says yes, its answer is lost with the connection.
 */
export async function startLossyProxy(
  host: string,
  loses: (call: CarriedOut) => boolean | Promise<boolean>,
): Promise<LossyProxy> {
  const calls: CarriedOut[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const { status, text } = await forward(host, incoming.url, incoming.headers, body);
    const action = String(incoming.headers['x-tc-action']);
    const call = { action, parameters: JSON.parse(body.toString()), answer: text };
    calls.push(call);
    if (await loses(call)) outgoing.destroy();
    else reply(outgoing, status, text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The host in the headers is signed, so it stays. */
function forward(host: string, path: string | undefined, headers: object, body: Buffer) {
  const [hostname, port] = host.split(':');
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const options = { hostname, port, path, method: 'POST', headers: { ...headers } };
    const sent = request(options, async (response) => {
      const text = (await buffer(response)).toString();
      resolve({ status: response.statusCode ?? 0, text });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function reply(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'Content-Type': 'application/json' });
  outgoing.end(text);
}
