import fc from 'fast-check';
import type { RawEvent } from '../../lib/vod/event.ts';
import { signCallback } from '../support/sign-callback.ts';

/** A notification that VOD did not send. */
export interface Forgery {
  /** What is wrong with it. */
  readonly kind: string;
  readonly body: string;
  /** Statuses that the function may answer with. */
  readonly statuses: readonly number[];
}

/** What an attacker has obtained. */
export interface Loot {
  /** Genuine notifications without `Sign` and `T`, all of them already recorded. */
  readonly notifications: readonly RawEvent[];
  readonly fileIds: readonly string[];
  readonly taskIds: readonly string[];
  /** A valid pair. */
  readonly signed: { readonly Sign: string; readonly T: number };
  readonly keys: readonly string[];
  readonly nowSeconds: number;
}

/** Number of unknown event types, so that only that many of them can be recorded. */
export const UNKNOWN_TYPES = 20;

const IGNORED = [200] as const;
const DENIED = [401] as const;
/** Limited in number: what VOD may show later is stored, and what it cannot be asked about is delivered as such. */
const LIMITED = [200, 429] as const;
/** Some are by chance identical to what VOD reported, and are known then. */
const EITHER = [200, 401] as const;

/** Returns forgeries of every kind. */
export function forge(loot: Loot): fc.Arbitrary<Forgery> {
  return fc.oneof(
    { weight: 6, arbitrary: unsigned(loot) },
    { weight: 6, arbitrary: swapped(loot) },
    { weight: 3, arbitrary: retold(loot) },
    { weight: 2, arbitrary: misshapen(loot) },
    { weight: 1, arbitrary: monstrous(loot) },
    { weight: 1, arbitrary: unheardOf(loot) },
  );
}

/** Notifications without a valid `Sign` and `T`. */
function unsigned({ notifications, signed, keys, nowSeconds }: Loot): fc.Arbitrary<Forgery> {
  const { Sign, T } = signed;
  const [key = ''] = keys;
  const proofs = fc.oneof(
    fc.constantFrom<readonly [string, object]>(
      ['no proof', {}],
      ['no T', { Sign }],
      ['no Sign', { T }],
      ['an empty Sign', { Sign: '', T }],
      ['a list of Signs', { Sign: [Sign], T }],
      ['a changed T', { Sign, T: T + 1 }],
      ['an expired T', signCallback(key, nowSeconds - 1)],
      ['a T of long ago', signCallback(key, 0)],
      ['a T far ahead', signCallback(key, nowSeconds + 86_400)],
      ['a T that is no time', { Sign: signCallback(key, Number.NaN).Sign, T: 'NaN' }],
      ['an empty key', signCallback('', T)],
      ['all keys as one', signCallback(keys.join(','), T)],
      ['a proof in a prototype', { ['__proto__']: signed }],
    ),
    fc
      .stringMatching(/^[A-Za-z0-9]{1,32}$/)
      .filter((guess) => !keys.includes(guess))
      .map((guess) => ['another key', signCallback(guess, T)] as const),
    fc.nat(31).map(
      (place) =>
        [
          'a changed Sign',
          {
            Sign: `${Sign.slice(0, place)}${Sign[place] === '0' ? '1' : '0'}${Sign.slice(place + 1)}`,
            T,
          },
        ] as const,
    ),
  );
  return fc
    .record({ event: fc.constantFrom(...notifications), proof: proofs })
    .map(({ event, proof: [kind, proof] }) => ({
      kind,
      body: JSON.stringify({ ...event, ...proof }),
      statuses: DENIED,
    }));
}

/** Notifications with a valid signature, and ids for which VOD did not report this. */
function swapped(loot: Loot): fc.Arbitrary<Forgery> {
  const unknownFile = fc.stringMatching(/^52858907\d{11}$/).filter(notIn(loot.fileIds));
  const unknownTask = fc
    .stringMatching(/^1500000001-(?:pull|Procedure|EditMedia)-[0-9a-f]{8}$/)
    .filter(notIn(loot.taskIds));
  const file = fc.constantFrom(...loot.fileIds);
  const task = fc.constantFrom(...loot.taskIds);
  const arrival = (FileId: string) => ({ EventType: 'NewFileUpload', FileUploadEvent: { FileId } });
  const pull = (TaskId: string, fields: object = {}) => ({
    EventType: 'PullComplete',
    PullCompleteEvent: { TaskId, Status: 'FINISH', ...fields },
  });
  const procedure = (TaskId: string, fields: object = {}) => ({
    EventType: 'ProcedureStateChanged',
    ProcedureStateChangeEvent: { TaskId, Status: 'FINISH', ...fields },
  });
  const forgery = (kind: string, statuses: readonly number[]) => (event: RawEvent) =>
    sign(loot, kind, event, statuses);
  return fc.oneof(
    unknownFile.map(arrival).map(forgery('a media that is not', DENIED)),
    file.map(arrival).map(forgery('a media that came long ago', IGNORED)),
    unknownTask.map((id) => pull(id)).map(forgery('a pull that is not', DENIED)),
    unknownTask.map((id) => procedure(id)).map(forgery('a flow that is not', DENIED)),
    fc
      .tuple(task, file)
      .map(([id, FileId]) => pull(id, { FileId, ErrCode: 60_000 }))
      .map(forgery('a pull of another file', EITHER)),
    fc
      .tuple(task, file)
      .map(([id, FileId]) => procedure(id, { FileId, ErrCode: 70_000 }))
      .map(forgery('a flow of another file', EITHER)),
    fc
      .subarray([...loot.fileIds], { minLength: 1 })
      .map((FileIdSet) => ({ EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet } }))
      .map(forgery('a deletion of what is there', LIMITED)),
  );
}

/** What VOD has reported, with other fields. */
function retold(loot: Loot): fc.Arbitrary<Forgery> {
  const words = fc.oneof(
    fc.string(),
    fc.constantFrom('https://evil.example/', '\0', '\ud800', '5285890700000000404'),
    fc.integer(),
    fc.object({ maxDepth: 2 }),
  );
  const names = fc.constantFrom(
    ...['FileId', 'MediaBasicInfo', 'MetaData', 'ErrCode', 'FileUrl', 'ProcedureTaskId'],
    ...['SessionId', 'SessionContext', '__proto__', 'constructor', 'MediaProcessResultSet'],
  );
  return fc
    .record({
      event: fc.constantFrom(...loot.notifications),
      lies: fc.dictionary(names, words, { minKeys: 1, maxKeys: 4 }),
      beside: fc.dictionary(fc.constantFrom('__proto__', 'prototype', 'FileDeleteEvent'), words),
      twice: fc.boolean(),
    })
    .map(({ event, lies, beside, twice }) => {
      // VOD is called with the file id; other fields of the event do not affect that.
      const { FileId: _asked, ...others } = lies;
      const told = Object.entries(event).map(([name, task]) => [
        name,
        name === 'FileUploadEvent' ? join(task, others) : isTask(name) ? join(task, lies) : task,
      ]);
      const text = JSON.stringify({ ...beside, ...Object.fromEntries(told), ...loot.signed });
      const doubled = `{"EventType":"FileDeleted","Sign":"0","T":0,${text.slice(1)}`;
      return { kind: 'other words', body: twice ? doubled : text, statuses: IGNORED };
    });
}

/** Types of known events with any content. */
function misshapen(loot: Loot): fc.Arbitrary<Forgery> {
  const shape = fc.oneof(fc.constant(null), fc.string(), fc.integer(), fc.array(fc.integer()));
  const known = fc.constantFrom(
    ['NewFileUpload', 'FileUploadEvent', 'FileId'],
    ['PullComplete', 'PullCompleteEvent', 'TaskId'],
    ['ProcedureStateChanged', 'ProcedureStateChangeEvent', 'Status'],
    ['FileDeleted', 'FileDeleteEvent', 'FileIdSet'],
  );
  return fc
    .record({ known, shape, inside: fc.boolean() })
    .map(({ known: [EventType = '', member = '', field = ''], shape: value, inside }) => ({
      EventType,
      [member]: inside ? { [field]: typeof value === 'string' ? [value, 1] : value } : value,
    }))
    .map((event) => sign(loot, 'another shape', event, DENIED));
}

/** More than the 6 MB that the platform accepts. */
const HUGE_TEXT = JSON.stringify('x'.repeat(6 * 1024 * 1024));

/** Bodies that are too large, too deep or not JSON. */
function monstrous({ notifications, signed }: Loot): fc.Arbitrary<Forgery> {
  const monsters = fc.oneof(
    fc.constant({ kind: 'a huge text', monster: HUGE_TEXT, statuses: [413] }),
    fc.integer({ min: 101, max: 30_000 }).map((levels) => ({
      kind: 'a deep tree',
      monster: `${'{"a":['.repeat(levels)}${']}'.repeat(levels)}`,
      statuses: [400],
    })),
    fc.constantFrom('{', '[1', '"\\u12"', 'NaN', '1e', "'x'").map((monster) => ({
      kind: 'no JSON',
      monster,
      statuses: [400],
    })),
  );
  return fc
    .record({ event: fc.constantFrom(...notifications), monsters })
    .map(({ event, monsters: { kind, monster, statuses } }) => {
      const text = JSON.stringify({ ...event, ...signed });
      return { kind, body: `{"Monster":${monster},${text.slice(1)}`, statuses };
    });
}

/** Unconfirmable events, which are delivered as such. */
function unheardOf(loot: Loot): fc.Arbitrary<Forgery> {
  return fc
    .nat(UNKNOWN_TYPES - 1)
    .map((place) => sign(loot, 'an unknown type', { EventType: `Forged${place}` }, LIMITED));
}

function sign(
  { signed }: Loot,
  kind: string,
  event: RawEvent,
  statuses: readonly number[],
): Forgery {
  return { kind, body: JSON.stringify({ ...event, ...signed }), statuses };
}

const isTask = (name: string) => name.endsWith('Event');

function join(task: unknown, lies: object): object {
  const { TaskId, Status } = Object(task);
  const kept = TaskId === undefined ? {} : { TaskId, Status };
  return { ...Object(task), ...lies, ...kept };
}

function notIn(known: readonly string[]): (id: string) => boolean {
  return (id) => !known.includes(id);
}
