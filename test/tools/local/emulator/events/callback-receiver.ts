import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { listen } from '../../../../support/listen.ts';

/** A notification as it was received. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly contentType: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Receives event notifications. */
export interface CallbackReceiver {
  readonly url: string;
  /** Resolves with the next one that was not returned yet. */
  next(): Promise<Received>;
  /** All notifications received so far. */
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** What a receiver does with the notification number `index`, from 0. */
export type Reaction = (outgoing: ServerResponse, index: number) => void;

/** Opens a receiver on a free port that answers 200 unless `react` says otherwise. */
export async function openReceiver(
  react: Reaction = (outgoing) => outgoing.end(),
): Promise<CallbackReceiver> {
  const received: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  let asked = 0;
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const notification: Received = {
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      contentType: incoming.headers['content-type'] ?? '',
      body: JSON.parse(Buffer.concat(chunks).toString()),
    };
    received.push(notification);
    waiting.shift()?.(notification);
    react(outgoing, received.length - 1);
  });
  const { origin, close } = await listen(server);
  return {
    url: `${origin}/callback`,
    received,
    next() {
      const present = received[asked];
      asked += 1;
      if (present !== undefined) return Promise.resolve(present);
      return new Promise((resolve) => waiting.push(resolve));
    },
    close,
  };
}

/** Returns the `Sign` that a notification with this `T` must have. */
export function expectedSign(signKey: string, { body }: Received): string {
  return createHash('md5').update(`${signKey}${body['T']}`).digest('hex');
}
