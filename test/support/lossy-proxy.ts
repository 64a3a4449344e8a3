import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen } from './listen.ts';

/** A call of VOD's API that VOD carried out. */
export interface CarriedOut {
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** VOD's answer, as text. */
  readonly answer: string;
}

/** A proxy between the functions and VOD's API. */
export interface LossyProxy {
  /** `127.0.0.1` and the port. */
  readonly endpoint: string;
  /** All calls that were carried out, in order. */
  readonly calls: readonly CarriedOut[];
  readonly close: () => Promise<void>;
}

/**
 * Starts a proxy that passes every call on to `host`.
 *
 * @param loses is called for each call that was carried out; if it returns true, the connection is closed instead of
 * answering.
 */
export async function startLossyProxy(
  host: string,
  loses: (call: CarriedOut) => boolean | Promise<boolean>,
): Promise<LossyProxy> {
  const calls: CarriedOut[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const { status, text } = await passOn(host, incoming, body);
    const action = String(incoming.headers['x-tc-action']);
    const call = { action, parameters: JSON.parse(body.toString()), answer: text };
    calls.push(call);
    if (await loses(call)) outgoing.destroy();
    else reply(outgoing, status, text);
  });
  const { host: endpoint, close } = await listen(server);
  return { endpoint, calls, close };
}

/** Passes a request on to `host` unchanged: `host` checks its signature, which covers the host that it names. */
export function passOn(
  host: string,
  { method, url: path, headers }: IncomingMessage,
  body: Buffer,
): Promise<{ readonly status: number; readonly text: string }> {
  const [hostname, port] = host.split(':');
  return new Promise((resolve, reject) => {
    const onward = request({ hostname, port, path, method, headers }, async (response) => {
      const text = (await buffer(response)).toString();
      resolve({ status: response.statusCode ?? 502, text });
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

function reply(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'Content-Type': 'application/json' });
  outgoing.end(text);
}
