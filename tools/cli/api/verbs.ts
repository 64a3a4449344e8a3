import { isJsonObject, type JsonObject } from '../../../lib/validation/json-object.ts';
import { CommandError, EXIT, type Surroundings } from '../command.ts';
import { joinNames } from '../join-names.ts';
import { readVariables } from '../read-environment.ts';
import { suggest } from '../suggest.ts';
import { type Table, writeTable } from '../table.ts';
import { ApiError, type ApiRequest, openUploadsApi, type UploadsApi } from './uploads-api.ts';

type ApiOptions = Parameters<typeof openUploadsApi>[0] & {
  readonly 'env-file'?: string | undefined;
};

/** What a verb is given. */
interface VerbCall<Options> {
  /** What follows the verb. */
  readonly names: readonly string[];
  readonly options: Options;
  readonly surroundings: Surroundings;
}

/** A verb of a command, such as `list` of `vod-upload uploads`. */
export interface Verb<Options> {
  /** Throws a `CommandError` if the arguments are wrong. */
  readonly check: (options: Options, names: readonly string[]) => void;
  /** Returns the exit code. */
  readonly perform: (api: UploadsApi, call: VerbCall<Options>) => Promise<number>;
}

/** Statuses of answers about what was asked for, and not about how: there is none, or it has ended. */
const NEGATIVE: readonly (number | undefined)[] = [404, 409, 410];

/** Runs the verb that is the first of `words`; returns the exit code. @throws {CommandError} */
export async function runVerb<Options extends ApiOptions>(
  command: string,
  verbs: Readonly<Record<string, Verb<Options>>>,
  {
    options,
    words,
    surroundings,
  }: Omit<VerbCall<Options>, 'names'> & {
    readonly words: readonly string[];
  },
): Promise<number> {
  const [name = '', ...names] = words;
  const known = Object.keys(verbs);
  const verb = known.includes(name) ? verbs[name] : undefined;
  if (verb === undefined) {
    const advice = suggest(name, known);
    throw new CommandError(
      `The first argument must be one of ${joinNames(known)}.${advice} See "${command} --help".`,
    );
  }
  verb.check(options, names);
  const { stage } = options;
  const environment = await readVariables(options['env-file'], { ...surroundings, stage });
  const api = await openUploadsApi(options, environment);
  try {
    return await verb.perform(api, { names, options, surroundings });
  } catch (error) {
    if (!(error instanceof ApiError) || !NEGATIVE.includes(error.status)) throw error;
    surroundings.writeError(`${command} ${name}: ${error.message}\n`);
    return EXIT.no;
  }
}

/**
 * Does something for each of `names`, also after one that there is not, or that has ended: that is reported. Returns the exit
 * code.
 *
 * @param command what users type before the names.
 */
export async function forEachName(
  command: string,
  names: readonly string[],
  { writeError }: Pick<Surroundings, 'writeError'>,
  perform: (name: string) => Promise<unknown>,
): Promise<number> {
  let exitCode: number = EXIT.good;
  for (const name of names) {
    try {
      await perform(name);
    } catch (error) {
      if (!(error instanceof ApiError) || !NEGATIVE.includes(error.status)) throw error;
      writeError(`${command}: ${name}: ${error.message}\n`);
      exitCode = EXIT.no;
    }
  }
  return exitCode;
}

const PAGE_SIZE = 100;

/** Returns up to `limit` items of a list of the API, page by page. */
export async function* listPages(
  api: UploadsApi,
  { path, query = {} }: Pick<ApiRequest, 'path' | 'query'>,
  limit: number,
): AsyncGenerator<readonly JsonObject[]> {
  let left = limit;
  for (let cursor: string | undefined; ; ) {
    const size = Math.min(left, PAGE_SIZE);
    const request = { path, query: { ...query, cursor, limit: size }, has: 'items' };
    const answer = await api.ask(request);
    const items = readRows(answer['items']);
    yield items;
    left -= items.length;
    const next = answer['cursor'];
    if (typeof next !== 'string' || left <= 0) return;
    cursor = next;
  }
}

/** Returns the objects in a list of an answer. */
export function readRows(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** How rows are shown. */
interface RowOptions {
  /** Whether a machine reads them: one JSON object a line. */
  readonly json: boolean;
  readonly table: (rows: readonly JsonObject[]) => Table;
  readonly surroundings: Pick<Surroundings, 'columns'>;
}

/** Returns rows as a table for people, or as lines of JSON. */
export function writeRows(
  rows: readonly JsonObject[],
  { json, table, surroundings }: RowOptions,
): string {
  if (json) return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return writeTable(table(rows), surroundings.columns);
}
