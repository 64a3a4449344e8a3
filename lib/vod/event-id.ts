import { createHash } from 'node:crypto';
import type { EventType } from '../model/message-type.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { EventTask, VodEvent } from './event.ts';

/**
 * Returns the id of the fact that `event` reports: the same for the same fact, in both notification modes and each time
 * that VOD sends it, and a different one for any other fact.
 *
 * VOD's events have no id, so this one is a hash of what identifies the fact:
 * - `NewFileUpload`: the file, since a file arrives only once. URLs, names, times and metadata may be newer when it is
 *   sent again.
 * - `FileDeleted`: the files and which of their parts, in any order.
 * - A task: its id, and the states of the task and its parts, so that each step of a flow whose notify mode is `Change`
 *   is a fact. Progress, times and outputs are left out: they follow from the step, and may be newer when it is sent
 *   again.
 * - Anything else: all of its content.
 *
 * A report of an application other than the service's own is a different fact, even about the same file. Otherwise a
 * wrong application could make a fact known before the right one reports it.
 *
 * Events of VOD with equal content are one fact here: a cast that is `Idle` again, parts that were created and deleted
 * again, a file that was restored twice in the same way.
 *
 * Ids are stored and sent to consumers, so a change of these rules makes known events look new.
 *
 * @param other application that reported it, if it is not the service's own.
 */
export function identifyEvent(event: VodEvent, other?: number): string {
  const told = gatherFact(event);
  const fact = canonicalJson(other === undefined ? told : [other, told]);
  return `evt_${createHash('sha256').update(fact).digest('base64url')}`;
}

/**
 * Returns the type of the message that passes on VOD's event of this name. Types are used in filters and in rules of
 * other systems, so a name with anything but letters, digits and underscores becomes `vod.unknown`.
 */
export function nameVodEvent(name: unknown): EventType {
  return typeof name === 'string' && /^\w{1,64}$/.test(name) ? `vod.${name}` : 'vod.unknown';
}

// Known types give an array and unknown ones an object, so that neither can be mistaken for the other.
function gatherFact(event: VodEvent): unknown {
  const { eventType } = event;
  switch (eventType) {
    case 'NewFileUpload':
      return [eventType, event.task.FileId];
    case 'FileDeleted':
      return [eventType, sortUnique(event.task.FileIdSet), listDeletedParts(event.task)];
    case 'unknown':
      return event.raw;
    default:
      return [eventType, gatherTaskFact(event.task)];
  }
}

/** `Definition` and the two states next to `Status` belong to the interface of 2017 and to publishing on WeChat. */
const TASK_FIELDS = ['TaskId', 'Status', 'Definition', 'WechatStatus', 'PublishResult'] as const;

function gatherTaskFact(task: object): unknown {
  const fields = new Map<string, unknown>(Object.entries(task));
  const taskId = fields.get('TaskId');
  if (typeof taskId !== 'string' || taskId === '') return task;

  const states = [...fields].flatMap(([set, items]) =>
    Array.isArray(items) ? items.flatMap((item) => readStates(set, item)) : [],
  );
  // An object, so that adding a field here later does not change the ids of tasks without it.
  const said = Object.fromEntries(TASK_FIELDS.map((name) => [name, fields.get(name)]));
  return { ...said, states: states.sort() };
}

/**
 * Returns the states in an item of a result set: its own, or that of the one member for its type. That member is found
 * by its `Status`, since its name differs from the type and new names are added.
 */
function readStates(set: string, item: unknown): string[] {
  if (!isJsonObject(item)) return [];
  const type = item['Type'] ?? item['TaskType'];
  return [['', item] as const, ...Object.entries(item)].flatMap(([member, part]) => {
    if (!isJsonObject(part) || typeof part['Status'] !== 'string') return [];
    const definition = isJsonObject(part['Input']) ? part['Input']['Definition'] : undefined;
    return [canonicalJson([set, type, member, part['Status'], definition])];
  });
}

function listDeletedParts({ FileDeleteResultInfo: results }: EventTask<'FileDeleted'>): string[] {
  const found: unknown = results;
  if (!Array.isArray(found)) return [];
  return sortUnique(
    found.flatMap((result: unknown) => {
      if (!isJsonObject(result) || !Array.isArray(result['DeleteParts'])) return [];
      const { FileId: fileId, DeleteParts: parts } = result;
      return parts.filter(isJsonObject).map(({ Type: type, Definition: definition }) =>
        // A missing definition and 0 both mean all: https://cloud.tencent.com/document/product/266/31773
        canonicalJson([fileId, type, definition ?? 0]),
      );
    }),
  );
}

function sortUnique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

/**
 * Returns the JSON text that equal values share: members in the order of their names, and without those that are
 * `null`, since VOD means the same by `null` and by no member.
 *
 * It does not recurse: a value from a queue may be nested more deeply than the stack allows.
 */
export function canonicalJson(value: unknown): string {
  const text: string[] = [];
  const open: Container[] = [];
  writeValue(value, text, open);
  for (let container = open.at(-1); container !== undefined; container = open.at(-1)) {
    if (container.next < container.length) writeNext(container, text, open);
    else {
      text.push(container.names === undefined ? ']' : '}');
      open.pop();
    }
  }
  return text.join('');
}

/** An object or array that is written up to `next`. */
interface Container {
  readonly holder: object;
  /** Of an object. */
  readonly names: readonly string[] | undefined;
  readonly length: number;
  next: number;
}

/** Writes the next member, or the beginning of it. */
function writeNext(container: Container, text: string[], open: Container[]): void {
  const { holder, names, next } = container;
  container.next += 1;
  const name = names === undefined ? next : (names[next] ?? '');
  if (next > 0) text.push(',');
  if (names !== undefined) text.push(JSON.stringify(name), ':');
  writeValue(Reflect.get(holder, name), text, open);
}

/** Writes a value, or the beginning of one that holds others. */
function writeValue(value: unknown, text: string[], open: Container[]): void {
  if (Array.isArray(value)) {
    text.push('[');
    open.push({ holder: value, names: undefined, length: value.length, next: 0 });
  } else if (isJsonObject(value)) {
    const names = Object.keys(value).filter((name) => (value[name] ?? null) !== null);
    text.push('{');
    open.push({ holder: value, names: names.sort(), length: names.length, next: 0 });
  } else {
    text.push(JSON.stringify(value) ?? 'null');
  }
}
