import { UPLOAD_METHODS, UPLOAD_STATES } from '../../../lib/model/upload-state.ts';
import { UPLOAD_ID } from '../../../lib/validation/fields.ts';
import type { JsonObject } from '../../../lib/validation/json-object.ts';
import { API_HELP, API_OPTIONS, API_VARIABLES, type UploadsApi } from '../api/uploads-api.ts';
import { forEachName, listPages, readRows, runVerb, type Verb, writeRows } from '../api/verbs.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { readArguments, readChoice } from '../read-options.ts';
import { writeTable } from '../table.ts';
import { showBytes, showCell, showTime } from './show-cell.ts';

const OPTIONS = {
  state: { type: 'string' },
  method: { type: 'string' },
  owner: { type: 'string' },
  limit: { type: 'string', default: '20' },
  ...API_OPTIONS,
  json: { type: 'boolean', default: false },
} as const;

const HELP = `vod-upload uploads shows uploads, and cancels them.

Usage: vod-upload uploads list [--state <state>] [--method <method>] [--owner <owner>] [--limit <number>] [options]
       vod-upload uploads show <uploadId>… [options]
       vod-upload uploads events <uploadId> [options]
       vod-upload uploads cancel <uploadId>… [options]

Options:
  --state <state>, --method <method>, --owner <owner>
                         only such uploads
  --limit <number>       most uploads, newest first; 20 by default
${API_HELP}
  --json                 JSON, as the HTTP API has it: one upload a line, or for events one document

Variables:
${API_VARIABLES}

Exit codes: 0 it was done, 1 there is no such upload or it has ended, 2 it could not be done. If that is so of one of
several uploads, the others are shown or cancelled all the same.

Examples:
  vod-upload uploads list --state failed --uploads-url http://localhost:3000
  vod-upload uploads events 01M817BHKVC70379HNNTTY6AVN --stage prod
  vod-upload uploads list --limit 1000 --json | jq -r 'select(.size > 1e9).fileId'
`;

/** `vod-upload uploads`: shows uploads, and cancels them. */
export const uploads: Command = { help: HELP, run };

type Options = ReturnType<typeof readUploadsArguments>['values'];

function readUploadsArguments(args: readonly string[]) {
  return readArguments('vod-upload uploads', args, OPTIONS);
}

function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = readUploadsArguments(args);
  return runVerb(
    'vod-upload uploads',
    { list, show, events, cancel },
    {
      ...{ options: values, words: positionals, surroundings },
    },
  );
}

const list: Verb<Options> = {
  check({ state, method, limit }, names) {
    if (names.length > 0) throw new CommandError('list has no arguments, only options.');
    if (state !== undefined) readChoice('--state', state, UPLOAD_STATES);
    if (method !== undefined) readChoice('--method', method, UPLOAD_METHODS);
    if (/^[1-9]\d{0,6}$/.test(limit)) return;
    throw new CommandError('--limit must be a whole number from 1 to 9999999.');
  },
  async perform(api, { options, surroundings }) {
    const { state, method, owner, limit, json } = options;
    const query = { state, method, owner };
    for await (const page of listPages(api, { path: '', query }, Number(limit))) {
      surroundings.writeOut(writeRows(page, { json, table: tableOf, surroundings }));
    }
    return EXIT.good;
  },
};

const show: Verb<Options> = {
  check: (_, names) => checkIds(names, Number.POSITIVE_INFINITY),
  perform: (api, { names, options, surroundings }) =>
    forEachName('vod-upload uploads show', names, surroundings, (uploadId) =>
      writeUpload(api.ask({ path: uploadId, has: 'uploadId' }), options, surroundings),
    ),
};

const cancel: Verb<Options> = {
  check: (_, names) => checkIds(names, Number.POSITIVE_INFINITY),
  perform: (api, { names, options, surroundings }) =>
    forEachName('vod-upload uploads cancel', names, surroundings, (uploadId) =>
      writeUpload(
        api.ask({ path: uploadId, method: 'DELETE', has: 'uploadId' }),
        options,
        surroundings,
      ),
    ),
};

const events: Verb<Options> = {
  check: (_, names) => checkIds(names, 1),
  async perform(api, { names: [uploadId = ''], options, surroundings }) {
    const timeline = await api.ask({ path: `${uploadId}/events`, has: 'events' });
    const { writeOut, columns } = surroundings;
    if (options.json) writeOut(`${JSON.stringify(timeline)}\n`);
    else writeOut(describeTimeline(timeline, columns));
    return EXIT.good;
  },
};

/** @throws {CommandError} */
function checkIds(names: readonly string[], most: number): void {
  if (names.length === 0) throw new CommandError('The id of an upload must be given.');
  if (names.length > most) throw new CommandError('Only one id can be given.');
  if (names.every((name) => UPLOAD_ID.test(name))) return;
  throw new CommandError(
    'The id of an upload has 26 digits and capital letters, such as 01M817BHKVC70379HNNTTY6AVN.',
  );
}

const tableOf = (rows: readonly JsonObject[]) => ({
  columns: [
    { name: 'uploadId' },
    { name: 'state' },
    { name: 'method' },
    { name: 'owner', isCut: true },
    { name: 'name', isCut: true },
    { name: 'size' },
    { name: 'createdAt' },
  ],
  rows: rows.map((row) => [
    ...['uploadId', 'state', 'method', 'owner', 'name'].map((name) => showCell(row[name])),
    showBytes(row['size']),
    showTime(row['createdAt']),
  ]),
});

async function writeUpload(
  asked: ReturnType<UploadsApi['ask']>,
  { json }: Options,
  { writeOut, columns }: Surroundings,
): Promise<number> {
  const upload = await asked;
  const rows = Object.entries(upload).map(([name, value]) => [name, showCell(value)]);
  const table = { columns: [{ name: 'field' }, { name: 'value', isCut: true }], rows };
  writeOut(json ? `${JSON.stringify(upload)}\n` : writeTable(table, columns));
  return EXIT.good;
}

function describeTimeline({ events: told, actions }: JsonObject, width: number | undefined) {
  const eventRows = readRows(told).flatMap((event) => {
    const own = [showTime(event['receivedAt']), showCell(event['eventType'])];
    const id = showCell(event['eventId']);
    const deliveries = readRows(event['deliveries']).map(describeDelivery);
    const [first = '', ...rest] = deliveries;
    return [[...own, id, first], ...rest.map((delivery) => ['', '', '', delivery])];
  });
  const actionRows = readRows(actions).map((action) => [
    ...[showTime(action['updatedAt']), showCell(action['kind']), showCell(action['fileId'])],
    describeState(action),
  ]);
  const columns = [{ name: 'time' }, { name: 'what' }, { name: 'id' }];
  const table = { columns: [...columns, { name: 'deliveries', isCut: true }], rows: eventRows };
  const actionTable = { columns: [...columns, { name: 'state', isCut: true }], rows: actionRows };
  const ofActions = actionRows.length === 0 ? '' : `\n${writeTable(actionTable, width)}`;
  return writeTable(table, width) + ofActions;
}

function describeDelivery(delivery: JsonObject): string {
  return `${showCell(delivery['endpoint'])} ${describeState(delivery)}`;
}

function describeState({ state, attempts, lastError }: JsonObject): string {
  const error = lastError === undefined ? '' : `, ${showCell(lastError)}`;
  return `${showCell(state)} (${showCell(attempts)}${error})`;
}
