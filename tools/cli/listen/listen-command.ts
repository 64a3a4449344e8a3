import type { Environment } from '../../../lib/config/environment.ts';
import { explainEventPattern } from '../../../lib/model/message-type.ts';
import { API_HELP, API_OPTIONS, API_VARIABLES, openUploadsApi } from '../api/uploads-api.ts';
import { asTyped } from '../as-typed.ts';
import { readOperator } from '../cloud/operator.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { keepPlace, readPlace, readSecret } from '../messages/folder-state.ts';
import { followFeed } from '../messages/follow-feed.ts';
import { createForward, FORWARD_HELP, type Forward } from '../messages/forward.ts';
import { type ReceivedMessage, writeMessageLine } from '../messages/message-line.ts';
import { readVariables } from '../read-environment.ts';
import { readOptions } from '../read-options.ts';
import { showUrl } from '../show-url.ts';

const OPTIONS = {
  'forward-to': { type: 'string' },
  secret: { type: 'string' },
  'print-secret': { type: 'boolean', default: false },
  types: { type: 'string', default: '*' },
  resume: { type: 'boolean', default: false },
  'from-vod': { type: 'boolean', default: false },
  ...API_OPTIONS,
  json: { type: 'boolean', default: false },
} as const;

const HELP = `vod-upload listen shows each message to consumers as it comes, and sends it to a consumer on your own machine.

It takes nothing away from the configured endpoints, and needs no tunnel: it asks the deployed uploads function for what
is recorded from now on. A message is sent once, with the headers, signature and time limit of a delivery; "vod-upload
replay" sends one again. Ctrl-C ends it.

Usage: vod-upload listen [--forward-to <url>] [options]

Options:
${FORWARD_HELP}
  --print-secret         prints the secret of this folder and ends: it stays the same
  --types <patterns>     only these types, with commas between, such as upload.*,vod.PullComplete; all by default
  --resume               begins where it ended in this folder, with the same address, types and consumer
  --from-vod             takes VOD's events from the queue of the application VOD_SUB_APP_ID, which no deployment may
                         use, since what is taken is gone; the functions are not asked
${API_HELP}
  --json                 one JSON object a line: { eventId, message, forwarded: { ok, status, error, milliseconds } }

Variables:
${API_VARIABLES}, or to take events with:
                         that needs vod:DescribeEventConfig, vod:PullEvents and vod:ConfirmEvents
  VOD_SUB_APP_ID         application of --from-vod
  XDG_STATE_HOME         folder for secrets and places; ~/.local/state by default

Exit codes: 0 you ended it, 2 it could not listen.

Examples:
  vod-upload listen --uploads-url http://localhost:3000 --forward-to http://localhost:8080/hook
  vod-upload listen --stage prod --types 'upload.*'
  WEBHOOK_SECRET=$(vod-upload listen --print-secret) node consumer.mjs
`;

/** `vod-upload listen`: forwards messages to this machine. */
export const listen: Command = { help: HELP, run };

type Options = ReturnType<typeof readListenOptions>;

function readListenOptions(args: readonly string[]) {
  return readOptions('vod-upload listen', args, OPTIONS);
}

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const options = readListenOptions(args);
  const secret = await readSecret(options.secret, surroundings);
  if (options['print-secret']) {
    surroundings.writeOut(`${secret}\n`);
    return EXIT.good;
  }
  const types = readTypes(options.types);
  const target = options['forward-to'];
  const forward = target === undefined ? undefined : createForward(target, secret);
  const environment = await readVariables(options['env-file'], {
    ...{ ...surroundings, stage: options.stage },
  });
  const signal = surroundings.untilInterrupted();
  const { messages, source } = await openSource(options, types, {
    environment,
    signal,
    surroundings,
  });
  const signed =
    target === undefined ? '' : `, and sent to ${showUrl(target)} with the secret ${secret}`;
  surroundings.writeError(`Messages of ${source} are shown${signed}. Ctrl-C ends this.\n`);
  await show(messages, forward, options, surroundings);
  return EXIT.good;
}

/** @throws {CommandError} */
function readTypes(text: string): readonly string[] {
  const types = text.split(',');
  const wrong = types.map(explainEventPattern).find((message) => message !== undefined);
  if (wrong !== undefined) throw new CommandError(`--types ${wrong}; several with commas between.`);
  return types;
}

interface SourceOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly surroundings: Surroundings;
}

async function openSource(
  options: Options,
  types: readonly string[],
  { environment, signal, surroundings }: SourceOptions,
) {
  const say = surroundings.showProgress;
  if (options['from-vod']) {
    const operator = readOperator(environment);
    // The client of VOD is half of the program.
    const { followQueue } = await import('../messages/vod-queue.ts');
    const messages = followQueue({ operator, environment, types, signal, say });
    return { messages, source: `VOD's application ${operator.vodApi.subAppId ?? ''}` };
  }
  const api = await openUploadsApi(options, environment);
  const feed = JSON.stringify([api.url, types, options['forward-to']]);
  const after = options.resume ? await readPlace(feed, surroundings) : undefined;
  const keep = (cursor: string) => keepPlace(feed, cursor, surroundings);
  const messages = followFeed(api, { after, types, signal, say, keep });
  return { messages, source: showUrl(api.url) };
}

/** Shows and sends messages until there are no more. One after the other, so that their order is seen. */
async function show(
  messages: AsyncIterable<ReceivedMessage>,
  forward: Forward | undefined,
  options: Options,
  { writeOut, writeError, showProgress, colours, environment }: Surroundings,
): Promise<void> {
  const counts = { shown: 0, refused: 0 };
  for await (const received of messages) {
    const forwarded = await forward?.(received.message);
    showProgress('');
    writeOut(writeMessageLine(received, forwarded, { json: options.json, colours }));
    counts.shown += 1;
    if (forwarded === undefined || forwarded.ok) continue;
    counts.refused += 1;
    const { eventId } = received;
    if (eventId === undefined) continue;
    const again = `"vod-upload replay ${eventId} --forward-to …" sends it again.`;
    writeError(`  ${asTyped(again, environment)}\n`);
  }
  showProgress('');
  const refused = forward === undefined ? '' : `, ${counts.refused} not accepted`;
  writeError(`${counts.shown} ${counts.shown === 1 ? 'message' : 'messages'}${refused}.\n`);
}
