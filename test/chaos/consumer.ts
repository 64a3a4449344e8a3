import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Chance } from '../support/chance.ts';

/** Somebody who is told by webhooks, and acts on each message once. */
export interface Consumer {
  readonly url: string;
  readonly secret: string;
  /** By `webhook-id`: the text of the message that was acted on. */
  readonly acted: ReadonlyMap<string, string>;
  /** Messages that came under an id that stood for another text before. */
  readonly contradictions: readonly string[];
  /** Attempts whose signature did not fit. */
  readonly unverified: () => number;
  readonly close: () => Promise<void>;
}

/** Share of the attempts that end badly: half of them before the consumer acted, half after. */
const TROUBLE = 0.1;

/** Starts a consumer that checks signatures with the official library. */
export async function startConsumer(name: string, chance: Chance): Promise<Consumer> {
  const secret = `whsec_${Buffer.from(`chaos-${name}-secret-of-32-bytes-and-more`).toString('base64')}`;
  const webhook = new Webhook(secret);
  const acted = new Map<string, string>();
  const contradictions: string[] = [];
  let unverified = 0;

  const take = (text: string, headers: Record<string, string>, response: ServerResponse) => {
    try {
      webhook.verify(text, headers);
    } catch {
      unverified += 1;
      response.writeHead(401).end();
      return;
    }
    const trouble = chance.happens(TROUBLE);
    const isAfter = chance.happens(0.5);
    const id = headers['webhook-id'] ?? '';
    if (trouble && !isAfter) {
      response.writeHead(500).end();
      return;
    }
    if ((acted.get(id) ?? text) !== text) contradictions.push(id);
    acted.set(id, text);
    if (trouble) response.destroy();
    else response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const headers = names.map((header) => [header, String(request.headers[header])]);
      take(Buffer.concat(chunks).toString(), Object.fromEntries(headers), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${name}`,
    ...{ secret, acted, contradictions },
    unverified: () => unverified,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
