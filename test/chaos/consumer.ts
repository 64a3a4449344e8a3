import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { Chance } from '../support/chance.ts';
import { listen } from '../support/listen.ts';

/** A consumer that receives webhooks and acts on each message once. */
export interface Consumer {
  readonly url: string;
  readonly secret: string;
  /** By `webhook-id`: the text of the message that was acted on. */
  readonly acted: ReadonlyMap<string, string>;
  /** Messages whose id was used before for another text. */
  readonly contradictions: readonly string[];
  /** Attempts whose signature was not valid. */
  readonly unverified: () => number;
  /** Attempts that were answered with 410. */
  readonly gone: () => number;
  readonly close: () => Promise<void>;
}

/** Share of the attempts that fail: half of them before the consumer acted, half after. */
const TROUBLE = 0.1;

/** Share of the attempts that are answered with 410, and the most of them. */
const GONE = { share: 0.02, most: 5 } as const;

/** Starts a consumer that checks signatures with the official library. */
export async function startConsumer(name: string, chance: Chance): Promise<Consumer> {
  const secret = `whsec_${Buffer.from(`chaos-${name}-secret-of-32-bytes-and-more`).toString('base64')}`;
  const webhook = new Webhook(secret);
  const acted = new Map<string, string>();
  const contradictions: string[] = [];
  let unverified = 0;
  let gone = 0;

  const isGenuine = (text: string, headers: Record<string, string>) => {
    try {
      webhook.verify(text, headers);
      return true;
    } catch {
      return false;
    }
  };
  const leaves = () => {
    const isGone = gone < GONE.most && chance.happens(GONE.share);
    if (isGone) gone += 1;
    return isGone;
  };
  const act = (id: string, text: string) => {
    if ((acted.get(id) ?? text) !== text) contradictions.push(id);
    acted.set(id, text);
  };
  /**
   * Acts on the message once, unless the attempt fails first, and returns the status; undefined if the answer is lost.
   */
  const take = (text: string, headers: Record<string, string>): number | undefined => {
    if (!isGenuine(text, headers)) {
      unverified += 1;
      return 401;
    }
    if (leaves()) return 410;
    const trouble = chance.happens(TROUBLE);
    const isAfter = chance.happens(0.5);
    if (trouble && !isAfter) return 500;
    act(headers['webhook-id'] ?? '', text);
    return trouble ? undefined : 204;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const headers = names.map((header) => [header, String(request.headers[header])]);
      const status = take(Buffer.concat(chunks).toString(), Object.fromEntries(headers));
      if (status === undefined) response.destroy();
      else response.writeHead(status).end();
    });
  });
  const { origin, close } = await listen(server);
  return {
    url: `${origin}/${name}`,
    ...{ secret, acted, contradictions },
    unverified: () => unverified,
    gone: () => gone,
    close,
  };
}
