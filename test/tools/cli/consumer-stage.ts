import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { listen } from '../../support/listen.ts';

/** A request that a consumer received. */
export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A consumer on this machine. */
export interface TestConsumer {
  readonly url: string;
  readonly received: Received[];
  /** Changes the status of its answers: 204 by default. */
  answer(status: number): void;
  readonly close: () => Promise<void>;
}

/** Starts a consumer that stores what it receives. */
export async function startConsumer(): Promise<TestConsumer> {
  const received: Received[] = [];
  let status = 204;
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const entries = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    received.push({ headers: Object.fromEntries(entries), body });
    response.writeHead(status).end();
  });
  const { origin, close } = await listen(server);
  return {
    ...{ url: `${origin}/hook`, received, close },
    answer(next) {
      status = next;
    },
  };
}

/** Returns the message in a request, verified as consumers do. @throws unless it is signed with `secret`. */
export function verifyMessage({ headers, body }: Received, secret: string) {
  return new Webhook(secret).verify(body, { ...headers }) as {
    readonly id: string;
    readonly type: string;
    readonly timestamp: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}
