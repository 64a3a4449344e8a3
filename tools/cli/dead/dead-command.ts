import { ITEM_KINDS } from '../../../lib/model/item-name.ts';
import type { JsonObject } from '../../../lib/validation/json-object.ts';
import { API_HELP, API_OPTIONS, API_VARIABLES } from '../api/uploads-api.ts';
import { listPages, runVerb, type Verb, writeRows } from '../api/verbs.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { readArguments, readChoice } from '../read-options.ts';
import { showText } from '../show-text.ts';
import { showCell, showTime } from '../uploads/show-cell.ts';

const OPTIONS = {
  limit: { type: 'string', default: '20' },
  ...API_OPTIONS,
  json: { type: 'boolean', default: false },
} as const;

const HELP = `vod-upload dead shows what was given up, and has it tried again.

A delivery that no attempt completed is listed with the kind "message"; "vod-upload replay" replays it. Anything else
that failed because of itself was set aside: an event, a file, a check of an upload, a pull, an action or a delivery.

Usage: vod-upload dead list [--limit <number>] [options]
       vod-upload dead replay <kind> <id>… [options]

Options:
  --limit <number>       most deliveries, and most of what was set aside, latest first; 20 by default
${API_HELP}
  --json                 JSON: one object a line, as the HTTP API has it, with its kind; for replay { replayed }

Variables:
${API_VARIABLES}

Exit codes: 0 it was done, 1 there is nothing to replay, 2 it could not be done.

Examples:
  vod-upload dead list --stage prod
  vod-upload dead replay action modify/5285890700000000001 --stage prod
`;

/** `vod-upload dead`: shows what was given up, and has it tried again. */
export const dead: Command = { help: HELP, run };

type Options = ReturnType<typeof readDeadArguments>['values'];

function readDeadArguments(args: readonly string[]) {
  return readArguments('vod-upload dead', args, OPTIONS);
}

function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = readDeadArguments(args);
  return runVerb(
    'vod-upload dead',
    { list, replay },
    {
      ...{ options: values, words: positionals, surroundings },
    },
  );
}

const REPLAY = { path: 'dead-items/replay', method: 'POST', has: 'replayed' } as const;

/** How a delivery is called in the list, in which "delivery" is a message that could not even be made. */
const MESSAGE = 'message';

const list: Verb<Options> = {
  check({ limit }, names) {
    if (names.length > 0) throw new CommandError('list has no arguments, only options.');
    if (/^[1-9]\d{0,6}$/.test(limit)) return;
    throw new CommandError('--limit must be a whole number from 1 to 9999999.');
  },
  async perform(api, { options, surroundings }) {
    const most = Number(options.limit);
    const rows: JsonObject[] = [];
    for await (const page of listPages(api, { path: 'dead-deliveries' }, most)) {
      rows.push(...page.map((row) => ({ kind: MESSAGE, ...row })));
    }
    for await (const page of listPages(api, { path: 'dead-items' }, most)) rows.push(...page);
    surroundings.writeOut(writeRows(rows, { json: options.json, table: tableOf, surroundings }));
    return EXIT.good;
  },
};

const replay: Verb<Options> = {
  check(_, [kind = '', ...ids]) {
    if (kind === MESSAGE) {
      throw new CommandError(
        'A message is replayed by "vod-upload replay" and the id of its event.',
      );
    }
    readChoice('The kind', kind, ITEM_KINDS);
    if (ids.length > 0 && !ids.includes('')) return;
    throw new CommandError('replay needs a kind and its ids, as "vod-upload dead list" has them.');
  },
  async perform(api, { names: [kind, ...ids], options, surroundings }) {
    let exitCode: number = EXIT.good;
    for (const id of ids) {
      const body = { kind: kind?.toLowerCase(), id };
      const { replayed } = await api.ask({ ...REPLAY, body });
      const isReplayed = Number(replayed) > 0;
      if (!isReplayed) exitCode = EXIT.no;
      const text = isReplayed
        ? 'The next sweep tries it again.'
        : 'There is no such item, or it cannot be tried again.';
      const name = ids.length === 1 ? '' : `${showText(id)}: `;
      surroundings.writeOut(`${options.json ? JSON.stringify({ replayed }) : `${name}${text}`}\n`);
    }
    return exitCode;
  },
};

const tableOf = (rows: readonly JsonObject[]) => ({
  columns: [
    { name: 'kind' },
    { name: 'id' },
    { name: 'what', isCut: true },
    { name: 'attempts' },
    { name: 'error', isCut: true },
    { name: 'diedAt' },
  ],
  rows: rows.map((row) => [
    showCell(row['kind']),
    showCell(row['id'] ?? row['eventId']),
    showCell(row['endpoint'] ?? row['fileId']),
    showCell(row['attempts']),
    showCell(row['lastError'] ?? row['reason']),
    showTime(row['diedAt']),
  ]),
});
