import fc, { type Arbitrary } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { IngestDependencies } from '../../lib/ingest/ingest.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { deriveUploadId } from '../../lib/model/upload-id.ts';
import { UPLOAD_STATES } from '../../lib/model/upload-state.ts';
import { EVENT_MEMBERS } from '../../lib/vod/event.ts';
import { type Message, writeMessageBody } from '../../lib/webhooks/message.ts';
import { openCallback, signed } from '../functions/callback-stage.ts';
import { captureLog } from '../support/capture-log.ts';
import { readSize } from '../support/read-size.ts';
import { encodeContext } from '../support/source-contexts.ts';
import { useLedger } from '../support/use-ledger.ts';
import { findUndocumented, findUndocumentedMessage } from './check-answer.ts';

/** As many notifications as the other routes get requests: see contract.test.ts. */
const COUNT = readSize('FUZZ', { small: 5_000, full: 500_000 }) / 2.5;

/** Share of those that prove their sender, and so cost more. */
const GENUINE = 0.2;

const CALLBACK = { method: 'post', path: '/callback' } as const;

/** Time passes, so that no bound of a minute is reached. */
let time = Date.UTC(2026, 10, 22, 8);
const now = () => time;

const target = { id: 'all', events: ['*'] };
const database = useLedger({ per: 'file', clock: { now }, targets: [target] });
const log = captureLog();
const messages: Message[] = [];

/** What VOD has, by the ids of files and of tasks. */
const media = new Map<string, object>();
const tasks = new Map<string, object>();

const api = {
  describeMediaInfos: async ({ FileIds }: { FileIds: string[] }) => ({
    MediaInfoSet: FileIds.flatMap((fileId) => media.get(fileId) ?? []),
    NotExistFileIdSet: FileIds.filter((fileId) => !media.has(fileId)),
  }),
  describeTaskDetail: async ({ TaskId }: { TaskId: string }) => tasks.get(TaskId) ?? {},
  describeTasks: async () => ({ TaskSet: [] }),
  deleteMedia: async () => ({}),
  modifyMediaInfo: async () => ({}),
  processMediaByProcedure: async () => ({}),
} as unknown as IngestDependencies['api'];

let notify: ReturnType<typeof openCallback>;

beforeAll(() => {
  notify = openCallback({
    ...{ api, clock: { now, monotonic: () => 0 } },
    ledger: <Result>(work: (ledger: Ledger) => Promise<Result>) => work(database.ledger),
    targets: [
      {
        ...target,
        async send(message) {
          messages.push(message);
          return { ok: true, status: 200, gone: false };
        },
      },
    ],
  });
});

/** An event of VOD, and what VOD itself says about it. */
interface Fact {
  readonly event: Readonly<Record<string, unknown>>;
  readonly file?: { readonly FileId: string };
  readonly task?: { readonly id: string; readonly detail: object };
}

const text = fc.string({ unit: 'binary', maxLength: 12 });
const json = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 4,
  noNullPrototype: true,
});
const fileId = fc.integer({ min: 1, max: 1e12 }).map((number) => `5285890${number}`);

const context = fc.oneof(
  text,
  fc
    .tuple(fc.integer({ min: 0, max: 1e9 }), text, fc.constantFrom(1, 1e12))
    .map(([number, own, maxBytes]) => {
      const uploadId = deriveUploadId('ann', String(number));
      const envelope = { uploadId, owner: 'ann', method: 'client', limits: { maxBytes } } as const;
      return encodeContext(envelope, own === '' ? undefined : own);
    }),
);

const file = fc.record({
  FileId: fileId,
  BasicInfo: fc.record(
    {
      Name: text,
      ClassId: fc.nat(),
      MediaUrl: fc.constant('http://example.com/f0.mp4'),
      StorageRegion: fc.constant('ap-seoul'),
      SourceInfo: fc.record({
        SourceType: fc.constantFrom('Upload', 'Console', 'Record', 'ServerUpload', 'PullUpload'),
        SourceContext: context,
      }),
    },
    { requiredKeys: ['SourceInfo'] },
  ),
  MetaData: fc.option(
    fc.record({ Size: fc.nat(), Duration: fc.double({ min: 0, max: 1e6, noNaN: true }) }),
  ),
});

const arrival: Arbitrary<Fact> = fc.tuple(file, json).map(([found, more]) => ({
  event: { EventType: 'NewFileUpload', FileUploadEvent: { ...more, FileId: found.FileId } },
  file: found,
}));

const pulled: Arbitrary<Fact> = fc
  .tuple(file, fc.constantFrom(0, 31_001), text)
  .map(([found, ErrCode, Message]) => {
    const id = `1500000001-Pull-${found.FileId}`;
    const PullUploadTask = { TaskId: id, Status: 'FINISH', ErrCode, Message, FileId: found.FileId };
    return {
      event: { EventType: 'PullComplete', PullCompleteEvent: PullUploadTask },
      file: found,
      task: { id, detail: { TaskType: 'PullUpload', Status: 'FINISH', PullUploadTask } },
    };
  });

const deleted: Arbitrary<Fact> = fc
  .array(fileId, { minLength: 1, maxLength: 3 })
  .map((FileIdSet) => ({ event: { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet } } }));

const anyEvent: Arbitrary<Fact> = fc
  .tuple(fc.constantFrom(...Object.entries(EVENT_MEMBERS)), json, fc.integer({ min: 0 }))
  .map(([[EventType, member], content, number]) => ({
    event: { EventType, [member]: { ...content, TaskId: `1500000001-Task-${number}` } },
  }));

const unknown: Arbitrary<Fact> = fc.tuple(text, json).map(([EventType, members]) => ({
  event: { ...members, EventType },
}));

const facts = fc.oneof(arrival, pulled, deleted, anyEvent, unknown);

/** Makes VOD know a fact, a second after the one before. */
function happen({ file: found, task }: Fact): void {
  time += 1_000;
  media.clear();
  tasks.clear();
  if (found !== undefined) media.set(found.FileId, found);
  if (task !== undefined) tasks.set(task.id, task.detail);
}

/** Returns what the document does not say of a message, as it is sent, and as it would be sent if it were too large. */
function findMessageFlaws(message: Message): readonly string[] {
  return [262_144, 300].flatMap((maxBytes) =>
    findUndocumentedMessage(JSON.parse(writeMessageBody(message, maxBytes))),
  );
}

describe('POST /callback', () => {
  it('accepts what VOD sends, answers and sends what the document says', {
    timeout: 3_600_000,
  }, async () => {
    const types = new Set<string>();
    await fc.assert(
      fc.asyncProperty(facts, async (fact) => {
        happen(fact);
        const answer = await notify({ body: signed(fact.event, undefined, time) });
        const sent = messages.splice(0);
        const flaws = [...findUndocumented(CALLBACK, answer), ...sent.flatMap(findMessageFlaws)];
        if (answer.statusCode === 400) flaws.push(JSON.stringify(answer.json));
        for (const { type } of sent) types.add(type);
        log.clear();
        if (flaws.length > 0) throw new Error(flaws.join('\n'));
      }),
      { numRuns: Math.ceil(COUNT * GENUINE) },
    );

    expect([...types]).toEqual(
      expect.arrayContaining(['upload.ready', 'upload.rejected', 'vod.PullComplete']),
    );
    expect(types.size).toBeGreaterThan(5);
  });

  it('refuses what has no proof', { timeout: 3_600_000 }, async () => {
    const wrong = fc.record(
      { Sign: fc.oneof(text, fc.stringMatching(/^[0-9a-f]{32}$/)), T: fc.oneof(text, fc.nat()) },
      { requiredKeys: [], noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(facts, wrong, async ({ event }, proof) => {
        const answer = await notify({ body: { ...event, ...proof } });
        log.clear();
        const flaws = findUndocumented(CALLBACK, answer);
        if (flaws.length > 0 || answer.statusCode !== 401) {
          throw new Error([...flaws, answer.statusCode].join('\n'));
        }
      }),
      { numRuns: Math.ceil(COUNT * (1 - GENUINE)) },
    );
    expect(messages).toEqual([]);
  });
});

it.each(UPLOAD_STATES)(
  'a message of an upload that is %s is documented for that state alone',
  (state) => {
    const upload = { uploadId: deriveUploadId('ann', state), method: 'client', state };
    const times = { createdAt: '2026-11-22T08:00:00.000Z', updatedAt: '2026-11-22T08:00:00.000Z' };
    const message = {
      ...{ id: 'msg_1', type: `upload.${state}`, timestamp: times.updatedAt },
      data: { ...upload, ...times },
    };

    expect(findUndocumentedMessage(message)).toEqual([]);
    expect(findUndocumentedMessage({ ...message, data: { state } })).not.toEqual([]);
    expect(
      findUndocumentedMessage({ ...message, data: { ...message.data, size: 'x' } }),
    ).not.toEqual([]);
  },
);
