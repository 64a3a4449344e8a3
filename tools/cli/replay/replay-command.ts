import { UPLOAD_STATES } from '../../../lib/model/upload-state.ts';
import { UPLOAD_ID } from '../../../lib/validation/fields.ts';
import { isJsonObject, type JsonObject } from '../../../lib/validation/json-object.ts';
import {
  API_HELP,
  API_OPTIONS,
  API_VARIABLES,
  openUploadsApi,
  type UploadsApi,
} from '../api/uploads-api.ts';
import { forEachName } from '../api/verbs.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { readSecret } from '../messages/folder-state.ts';
import { createForward, FORWARD_HELP, type Forward } from '../messages/forward.ts';
import { type ReceivedMessage, readMessage, writeMessageLine } from '../messages/message-line.ts';
import { readVariables } from '../read-environment.ts';
import { readArguments, readChoice } from '../read-options.ts';
import { readMoment } from './read-moment.ts';

const OPTIONS = {
  'forward-to': { type: 'string' },
  secret: { type: 'string' },
  endpoint: { type: 'string' },
  state: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  ...API_OPTIONS,
  json: { type: 'boolean', default: false },
} as const;

const HELP = `vod-upload replay sends recorded messages again: to your own machine, or to the endpoints that did not accept them.

With --forward-to, the messages about these events, or about all of these uploads, are sent to your own machine, however
they were delivered. Without it, the deliveries that were given up are due again, and sweep makes them within a minute:
those of these uploads and events, or of an endpoint, a state or a time.

Usage: vod-upload replay <eventId|uploadId>… --forward-to <url> [options]
       vod-upload replay <eventId|uploadId>… [options]
       vod-upload replay --endpoint <id> [--state <state>] [--since <time>] [--until <time>] [options]

Options:
${FORWARD_HELP}
  --endpoint <id>        deliveries to this endpoint, as "webhook_0f3c…" in GET /uploads/endpoints
  --state <state>        messages of this state, such as ready
  --since <time>, --until <time>
                         given up in this time: ISO 8601, or how long ago, such as 90m, 2h or 3d
${API_HELP}
  --json                 JSON: { replayed }, or with --forward-to one object a line, as of "vod-upload listen"

Variables:
${API_VARIABLES}
  XDG_STATE_HOME         folder for secrets; ~/.local/state by default

Exit codes: 0 it was replayed, 1 there was nothing to replay or the consumer did not accept it, 2 it could not be done.
If there is nothing about one of several ids, the others are replayed.

Examples:
  vod-upload replay evt_01M817BHKVC70379HNNTTY6AVN_ready --forward-to http://localhost:8080/hook
  vod-upload replay --endpoint webhook_0f3c5a1b2c3d4e5f --since 2h --stage prod
`;

/** `vod-upload replay`: sends recorded messages again. */
export const replay: Command = { help: HELP, run };

type Options = ReturnType<typeof readReplayArguments>['values'];

function readReplayArguments(args: readonly string[]) {
  return readArguments('vod-upload replay', args, OPTIONS);
}

const FILTERS = ['endpoint', 'state', 'since', 'until'] as const;

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values: options, positionals: names } = readReplayArguments(args);
  const target = options['forward-to'];
  const filters = FILTERS.filter((name) => options[name] !== undefined);
  checkCombination(names, filters, target);
  const criteria = names.length === 0 ? readCriteria(options, surroundings.now()) : {};
  const forward =
    target === undefined
      ? undefined
      : createForward(target, await readSecret(options.secret, surroundings));
  const { stage } = options;
  const environment = await readVariables(options['env-file'], { ...surroundings, stage });
  const api = await openUploadsApi(options, environment);
  if (forward !== undefined) return forwardAll(names, api, { forward, options, surroundings });
  const { replayed, exitCode } =
    names.length === 0
      ? { replayed: await replayMany(criteria, api), exitCode: EXIT.good }
      : await replayNamed(names, api, surroundings);
  surroundings.writeOut(options.json ? `${JSON.stringify({ replayed })}\n` : describe(replayed));
  return replayed > 0 ? exitCode : EXIT.no;
}

/** @throws {CommandError} */
function checkCombination(
  names: readonly string[],
  filters: readonly string[],
  target: string | undefined,
): void {
  const wrong = names.find((name) => !UPLOAD_ID.test(name) && !EVENT_ID.test(name));
  if (wrong !== undefined) {
    throw new CommandError('Each argument must be the id of an event, evt_…, or of an upload.');
  }
  if (names.length > 0 && filters.length > 0) {
    throw new CommandError(`--${filters[0]} must not be given together with ids.`);
  }
  if (names.length > 0) return;
  if (target !== undefined) {
    throw new CommandError('--forward-to needs the ids of events or uploads that are to be sent.');
  }
  if (filters.length === 0) {
    throw new CommandError(
      'Say what is to be replayed: ids of events or uploads, or --endpoint, --state, --since or --until.',
    );
  }
}

const EVENT_ID = /^evt_[\w-]+$/;

function readCriteria({ endpoint, state, since, until }: Options, now: number): JsonObject {
  return {
    endpoint,
    state: state === undefined ? undefined : readChoice('--state', state, UPLOAD_STATES),
    from: since === undefined ? undefined : readMoment('--since', since, now),
    to: until === undefined ? undefined : readMoment('--until', until, now),
  };
}

function describe(replayed: number): string {
  if (replayed === 0) return 'No delivery was given up, so none is replayed.\n';
  const what = replayed === 1 ? '1 delivery is' : `${replayed} deliveries are`;
  return `${what} due again: sweep sends the messages within a minute.\n`;
}

const REPLAY = { method: 'POST', has: 'replayed' } as const;

async function replayMany(criteria: JsonObject, api: UploadsApi): Promise<number> {
  let replayed = 0;
  for (let cursor: unknown; ; ) {
    const body = { ...criteria, cursor };
    const answer = await api.ask({ ...REPLAY, path: 'dead-deliveries/replay', body });
    replayed += Number(answer['replayed'] ?? 0);
    cursor = answer['cursor'];
    if (cursor === undefined) return replayed;
  }
}

async function replayNamed(
  names: readonly string[],
  api: UploadsApi,
  surroundings: Pick<Surroundings, 'writeError'>,
) {
  const requests = new Map(names.map((name) => [name, describeReplay(name)]));
  let replayed = 0;
  const exitCode = await forEachName('vod-upload replay', names, surroundings, async (name) => {
    const { uploadId = '', body = {} } = requests.get(name) ?? {};
    const answer = await api.ask({ ...REPLAY, path: `${uploadId}/replay`, body });
    replayed += Number(answer['replayed'] ?? 0);
  });
  return { replayed, exitCode };
}

/** @throws {CommandError} */
function describeReplay(name: string) {
  if (UPLOAD_ID.test(name)) return { uploadId: name, body: {} };
  const [, uploadId = ''] = name.split('_');
  if (UPLOAD_ID.test(uploadId)) return { uploadId, body: { eventId: name } };
  throw new CommandError(
    'An event of VOD is replayed by the id of its upload, or sent to your own machine by --forward-to.',
  );
}

interface Forwarding {
  readonly forward: Forward;
  readonly options: Options;
  readonly surroundings: Surroundings;
}

async function forwardAll(
  names: readonly string[],
  api: UploadsApi,
  { forward, options, surroundings }: Forwarding,
): Promise<number> {
  const { colours, writeOut, writeError } = surroundings;
  let isAccepted = true;
  const exitCode = await forEachName('vod-upload replay', names, surroundings, async (name) => {
    const messages = await findMessages(name, api);
    if (messages.length === 0) writeError(`vod-upload replay: ${name}: it has no messages.\n`);
    isAccepted &&= messages.length > 0;
    for (const received of messages) {
      const forwarded = await forward(received.message);
      writeOut(writeMessageLine(received, forwarded, { json: options.json, colours }));
      isAccepted &&= forwarded.ok;
    }
  });
  return isAccepted ? exitCode : EXIT.no;
}

/** Returns the messages about an event, or about all events of an upload that are not pruned. */
async function findMessages(name: string, api: UploadsApi): Promise<readonly ReceivedMessage[]> {
  const eventIds = UPLOAD_ID.test(name) ? await listEvents(name, api) : [name];
  const messages: ReceivedMessage[] = [];
  for (const eventId of eventIds) {
    const message = readMessage((await api.ask({ path: `events/${eventId}` }))['message']);
    if (message !== undefined) messages.push({ eventId, message });
  }
  return messages;
}

async function listEvents(uploadId: string, api: UploadsApi): Promise<readonly string[]> {
  const { events } = await api.ask({ path: `${uploadId}/events`, has: 'events' });
  const list: readonly unknown[] = Array.isArray(events) ? events : [];
  return list.filter(isJsonObject).map(({ eventId }) => String(eventId));
}
