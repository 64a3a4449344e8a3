import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { absent } from '../absent.ts';
import { type Change, notAState } from './journal-file.ts';
import { LISTS } from './state-schema.ts';

type ListName = keyof typeof LISTS;

/** What identifies a record of each list. */
const KEYS: Readonly<Record<ListName, string>> = {
  sessions: 'vodSessionKey',
  media: 'fileId',
  notifications: 'id',
  procedures: 'taskId',
  finishedProcedures: 'taskId',
  queuedEvents: 'id',
  pulls: 'taskId',
  usedSessionIds: 'key',
  classes: 'classId',
  grants: 'secretId',
  usedSignatures: 'digest',
  eventConfigs: 'subAppId',
};
const NAMES = Object.keys(LISTS) as ListName[];

const lists = Object.fromEntries(
  NAMES.map((name) => [name, v.optional(v.array(LISTS[name]), [])] as const),
);
/** The lists at the top are those of the account and of its own application. */
const oldStateSchema = v.object({
  ...lists,
  version: v.literal(1),
  applications: v.optional(v.array(v.object({ ...lists, subAppId: v.number() })), []),
});

const fileIn = (dir: string) => join(dir, 'state.json');

/**
 * Returns the state that an earlier version wrote into the folder `dir`, as changes; undefined if there is none. That
 * version had one JSON document, which it replaced at each change.
 *
 * @throws Error that names the file if it is damaged.
 */
export async function readOldState(dir: string): Promise<readonly Change[] | undefined> {
  const file = fileIn(dir);
  const text = await readFile(file, 'utf8').catch(absent);
  if (text === undefined) return undefined;
  const { applications, ...own } = parse(file, text);
  return [
    ...listChanges('', own),
    ...applications.flatMap((lists) => listChanges(`${lists.subAppId}/`, lists)),
  ];
}

/** Removes that state. */
export function removeOldState(dir: string): Promise<void> {
  return rm(fileIn(dir), { force: true });
}

function parse(file: string, text: string) {
  try {
    return v.parse(oldStateSchema, JSON.parse(text));
  } catch (error) {
    const detail = v.isValiError(error)
      ? `${v.getDotPath(error.issues[0]) ?? 'it'}: ${error.message}`
      : String(error);
    throw notAState(file, detail, error);
  }
}

function listChanges(prefix: string, state: Readonly<Record<string, unknown>>): Change[] {
  return NAMES.flatMap((name) => {
    const records: unknown = state[name];
    if (!Array.isArray(records)) return [];
    return records.map(
      (record): Change => [`${prefix}${name}`, String(record[KEYS[name]]), record],
    );
  });
}
