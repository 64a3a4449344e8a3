import { clock } from '../../../lib/system.ts';
import { ATTEMPT_MILLISECONDS } from '../../../lib/webhooks/deliver-batch.ts';
import { createSigner, type Message } from '../../../lib/webhooks/message.ts';
import { createWebhookSender } from '../../../lib/webhooks/send-webhook.ts';
import { CommandError } from '../command.ts';

/** What a consumer answered. */
export interface Forwarded {
  /** Whether it accepted the message. */
  readonly ok: boolean;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  /** What went wrong, in a word: a status, or the code of a failed connection. */
  readonly error?: string;
  readonly milliseconds: number;
}

/** Sends a message to a consumer once, as a delivery does. */
export type Forward = (message: Message) => Promise<Forwarded>;

/** Text of `--help` about the consumer. */
export const FORWARD_HELP = `  --forward-to <url>     consumer that the messages are sent to, such as http://localhost:8080/hook
  --secret <secret>      signs them with this secret (whsec_…) instead of the one of this folder`;

/**
 * Creates what sends messages to `url`, with the headers, the signature and the time limit of a delivery. It may be any
 * address: no one but the user chooses it.
 *
 * @throws {CommandError} if `url` is wrong.
 */
export function createForward(url: string, secret: string): Forward {
  const send = createWebhookSender({ clock });
  const endpoint = {
    ...{ id: 'forwarded', url: readTarget(url), events: ['*'] },
    ...{ sign: createSigner([secret]), loopback: true },
  };
  return async (message) => {
    const startedAt = clock.monotonic();
    const { ok, status, error } = await send(endpoint, message, ATTEMPT_MILLISECONDS);
    const milliseconds = Math.round(clock.monotonic() - startedAt);
    return {
      ...{ ok, milliseconds },
      ...(status === undefined ? {} : { status }),
      ...(error === undefined ? {} : { error }),
    };
  };
}

function readTarget(text: string): string {
  if (URL.canParse(text)) {
    const { protocol, href, username, password, hash } = new URL(text);
    const isPlain = username === '' && password === '' && hash === '';
    if (/^https?:$/.test(protocol) && isPlain) return href;
  }
  throw new CommandError(
    '--forward-to must be an http or https URL, as http://localhost:8080/hook.',
  );
}
