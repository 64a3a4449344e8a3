import * as v from 'valibot';
import { contextEnvironment, describeContexts } from '../../../lib/config/context-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { receiveEvent, writeReceivedEvent } from '../../../lib/ingest/received-event.ts';
import { matchesEvent } from '../../../lib/model/message-type.ts';
import { deriveContextKey } from '../../../lib/model/source-context.ts';
import { isTransientProblem } from '../../../lib/problem.ts';
import { clock, random } from '../../../lib/system.ts';
import { createVodApi, type VodApi } from '../../../lib/vod/client.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { buildVodMessage } from '../../../lib/webhooks/message.ts';
import type { Operator } from '../cloud/operator.ts';
import { createVodAccount } from '../cloud/vod-account.ts';
import { CommandError } from '../command.ts';
import type { FeedOptions } from './follow-feed.ts';
import type { ReceivedMessage } from './message-line.ts';
import { tryAgain } from './try-again.ts';

/** What is listened to, and how. */
interface QueueOptions extends Pick<FeedOptions, 'types' | 'signal' | 'say'> {
  readonly operator: Operator;
  readonly environment: Environment;
}

/**
 * Returns the events in the queue of an application of VOD as they come, as the functions tell them without a database. An
 * event is removed from the queue once the next one is asked for, so nobody else gets it: the application must be one for
 * development.
 *
 * @throws {CommandError} if the application has no queue.
 * @see https://cloud.tencent.com/document/product/266/33779
 */
export async function* followQueue(options: QueueOptions): AsyncGenerator<ReceivedMessage> {
  const { operator, types, signal, say } = options;
  await demandQueue(operator);
  const api = createVodApi(operator.vodApi, {
    ...{ readCredentials: () => operator.credentials, clock, random },
  });
  const makeMessage = createMaker(options);
  say('listening');
  while (!signal.aborted) {
    const events =
      (await tryAgain(() => api.pullEvents({ signal }), explainTransient, options)) ?? [];
    for (const content of events) {
      const raw: RawEvent = { ...content };
      const message = makeMessage(raw);
      if (types.some((pattern) => matchesEvent(message.type, pattern))) yield { message };
      await remove(raw, api);
      if (signal.aborted) return;
    }
  }
}

/** VOD refuses an empty handle. An event that is not removed comes again after half a minute. */
async function remove({ EventHandle: handle }: RawEvent, api: Pick<VodApi, 'confirmEvents'>) {
  if (typeof handle !== 'string' || handle === '') return;
  await api.confirmEvents({ EventHandles: [handle] });
}

function explainTransient(error: unknown) {
  return isTransientProblem(error) ? { reason: error.message } : undefined;
}

async function demandQueue({ vodApi, credentials }: Operator): Promise<void> {
  const { mode } = await createVodAccount(vodApi, credentials).readEventSettings();
  if (mode === 'PULL') return;
  throw new CommandError(
    'The application VOD_SUB_APP_ID has no queue of events: "vod-upload setup --mode pull" gives it one. It must not be one that a deployment drains.',
  );
}

/** Returns what makes a message of an event, without the envelope that this service wrote. */
function createMaker({ operator, environment }: QueueOptions) {
  const { subAppId } = operator.vodApi;
  const contexts = { keys: readKeys(environment), acceptsV1: false };
  return (raw: RawEvent) => {
    const received = receiveEvent(parseVodEvent(raw), { subAppId, own: subAppId, contexts });
    const receivedAt = clock.now();
    const told = { eventId: received.eventId, raw: writeReceivedEvent(received) };
    return buildVodMessage({ ...told, subAppId, receivedAt });
  };
}

/** Without keys no envelope is recognised, and contexts stay as VOD has them. */
function readKeys(environment: Environment) {
  const read = v.safeParse(contextEnvironment, environment);
  if (read.success) return describeContexts(read.output).keys;
  return [deriveContextKey(random.key())] as const;
}
