import fc from 'fast-check';
import open from 'postgres';
import { describe, expect, it } from 'vitest';
import { createUploadId } from '../../../lib/model/upload-id.ts';
import { Problem } from '../../../lib/problem.ts';
import { replayDeadItem } from '../../../lib/uploads/replay-dead-item.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import type { Target } from '../../../lib/webhooks/target.ts';
import { eventOf } from '../../support/use-ledger.ts';
import { type SweepStage, useSweepStage } from './sweep-stage.ts';

const stage = useSweepStage();
let made = 0;

/** The items of a batch that cannot be processed: none, some or all. */
const batches = fc.array(fc.boolean(), { minLength: 1, maxLength: 25 });

/** An item of a batch that no other test uses. */
interface Item {
  readonly uploadId: string;
  readonly fileId: string;
  readonly isPoison: boolean;
}

function createItems(flags: readonly boolean[]): readonly Item[] {
  return flags.map((isPoison) => {
    made += 1;
    const uploadId = createUploadId('ann', 'key', stage.now(), made);
    return { uploadId, fileId: String(5285485487985270000n + BigInt(made)), isPoison };
  });
}

const seen = new Set<string>();

/** Returns the ids of the items that became dead since the last call. */
async function listNewDead(kind: string): Promise<readonly string[]> {
  const { items } = await stage.ledger.listDeadItems({ limit: 1_000 });
  const fresh = items.filter((item) => !seen.has(item.kind + item.id));
  for (const { kind: each, id } of fresh) seen.add(each + id);
  expect(fresh.every((item) => item.kind === kind)).toBe(true);
  return fresh.map(({ id }) => id).toSorted();
}

async function sweepOn(change: Parameters<SweepStage['sweep']>[0], times = 4): Promise<void> {
  for (let run = 0; run < times; run += 1) {
    const { broken } = await stage.sweep(change);
    expect(broken).toEqual([]);
    stage.passSeconds(10);
  }
}

async function listStates(items: readonly Item[]) {
  const found = await Promise.all(items.map(({ uploadId }) => stage.ledger.findUpload(uploadId)));
  return found.map((upload) => upload?.state);
}

const reject = () => Promise.reject(new Problem('No.', { code: 'upstream_rejected' }));

describe('checkUploads()', () => {
  it('checks all uploads except those that VOD refuses', async () => {
    const property = fc.asyncProperty(batches, async (flags) => {
      const items = createItems(flags);
      for (const { uploadId, fileId } of items) {
        await stage.ledger.issueUpload({ uploadId, owner: 'ann', method: 'client' });
        await stage.ledger.transition(uploadId, 'uploadedForProcessing', { fileId });
        await stage.ledger.setNextCheck(uploadId, stage.now());
      }
      const poisoned = new Set(items.filter(({ isPoison }) => isPoison).map((each) => each.fileId));
      const describeMediaInfos: VodApi['describeMediaInfos'] = async ({ FileIds }) =>
        FileIds.some((fileId) => poisoned.has(fileId)) ? reject() : { NotExistFileIdSet: FileIds };

      // What VOD has said before is not the subject of this test.
      const ledger = { ...stage.ledger, noteMissingFiles: async (ids: readonly string[]) => ids };
      const change = { api: { ...stage.api, describeMediaInfos }, ledger };
      await sweepOn(change);

      const states = items.map(({ isPoison }) => (isPoison ? 'uploaded' : 'deleted'));
      expect(await listStates(items)).toEqual(states);
      const expected = items.filter(({ isPoison }) => isPoison).map(({ uploadId }) => uploadId);
      expect(await listNewDead('upload')).toEqual(expected.toSorted());
      const [again] = expected;
      if (again === undefined) return;
      const name = { kind: 'upload', id: again } as const;
      expect(await replayDeadItem(name, stage.ledger, stage.now())).toBe(true);
      poisoned.clear();
      await sweepOn(change, 1);
      expect((await stage.ledger.findUpload(again))?.state).toBe('deleted');
    });
    await fc.assert(property, { numRuns: 5 });
  });
});

describe('drainPulls()', () => {
  it('sends all pulls except the invalid ones, which fail', async () => {
    const property = fc.asyncProperty(batches, async (flags) => {
      const items = createItems(flags);
      await stage.ledger.enqueuePulls(
        items.map(({ uploadId, isPoison }, index) => ({
          ...{ uploadId, owner: 'ann' },
          request: isPoison
            ? { MediaUrl: [index] }
            : { MediaUrl: 'http://samples.example.com/tone.wav', SessionId: uploadId },
        })),
      );
      const taken = { kind: 'accepted', taskId: 'task', requestId: 'request' } as const;
      const pullUpload = async () => taken;

      await sweepOn({ api: { ...stage.api, pullUpload } });

      const states = items.map(({ isPoison }) => (isPoison ? 'failed' : 'issued'));
      expect(await listStates(items)).toEqual(states);
      const expected = items.filter(({ isPoison }) => isPoison).map(({ uploadId }) => uploadId);
      expect(await listNewDead('pull')).toEqual(expected.toSorted());
      expect((await stage.sweep()).backlog).toMatchObject({ pulls: 0 });
    });
    await fc.assert(property, { numRuns: 5 });
  });
});

describe('runMediaActions()', () => {
  it('performs all actions except those that VOD refuses', async () => {
    const property = fc.asyncProperty(batches, async (flags) => {
      const items = createItems(flags);
      await stage.ledger.recordEvent(
        eventOf([], { actions: items.map(({ fileId }) => ({ fileId, kind: 'delete' })) }),
      );
      const poisoned = new Set(items.filter(({ isPoison }) => isPoison).map((each) => each.fileId));
      const deleted: string[] = [];
      const deleteMedia: VodApi['deleteMedia'] = async ({ FileId }) => {
        if (poisoned.has(FileId)) return reject();
        deleted.push(FileId);
        return {};
      };

      await sweepOn({ api: { ...stage.api, deleteMedia } }, 1);

      const good = items.filter(({ isPoison }) => !isPoison).map(({ fileId }) => fileId);
      expect(deleted.toSorted()).toEqual(good.toSorted());
      const expected = [...poisoned].map((fileId) => `delete/${fileId}`).toSorted();
      expect(await listNewDead('action')).toEqual(expected);
      for (const id of expected) {
        const name = { kind: 'action', id } as const;
        expect(await replayDeadItem(name, stage.ledger, stage.now())).toBe(true);
      }
      poisoned.clear();
      await sweepOn({ api: { ...stage.api, deleteMedia } }, 1);
      expect(deleted).toHaveLength(items.length);
    });
    await fc.assert(property, { numRuns: 5 });
  });
});

describe('deliverWaiting()', () => {
  it('delivers all messages except those that cannot be built or sent', async () => {
    const property = fc.asyncProperty(batches, async (flags) => {
      const items = createItems(flags);
      const poisoned = new Set(
        items.filter(({ isPoison }) => isPoison).map(({ uploadId }) => uploadId),
      );
      const sent: unknown[] = [];
      const target: Target = {
        ...{ id: 'orders', events: ['upload.issued'] },
        async send({ data: { uploadId } }) {
          if (poisoned.has(String(uploadId))) throw new TypeError('Cannot be sent.');
          sent.push(uploadId);
          return { ok: true, gone: false };
        },
      };
      for (const { uploadId } of items) {
        await stage.ledger.issueUpload({ uploadId, owner: 'ann', method: 'client' });
      }
      const ids = items.map(({ uploadId }) => `evt_${uploadId}_issued`);
      await enqueue(ids, target.id);
      // Every other one cannot even be built: its payload has lost its times.
      const unbuilt = ids.filter((_, index) => items[index]?.isPoison && index % 2 === 0);
      await loseTimes(unbuilt);

      await sweepOn({ targets: [target] });

      const good = items.filter(({ isPoison }) => !isPoison).map(({ uploadId }) => uploadId);
      expect(sent.toSorted()).toEqual(good.toSorted());
      const expected = [...poisoned].map((uploadId) => `evt_${uploadId}_issued/orders`);
      expect(await listNewDead('delivery')).toEqual(expected.toSorted());
    });
    await fc.assert(property, { numRuns: 5 });
  });
});

async function withSql(work: (sql: open.Sql) => Promise<unknown>): Promise<void> {
  const sql = open(stage.databaseUrl, { max: 1, onnotice: () => undefined });
  await work(sql);
  await sql.end();
}

const enqueue = (ids: readonly string[], endpoint: string) =>
  withSql(
    (
      sql,
    ) => sql`insert into deliveries (event_id, endpoint, next_attempt_at, enqueued_at, updated_at)
      select unnest(${[...ids]}::text[]), ${endpoint}, now() - interval '1 second', now(), now()`,
  );

const loseTimes = (ids: readonly string[]) =>
  withSql(
    (sql) => sql`update events set payload = payload - 'created_at'
      where event_id = any(${[...ids]}::text[])`,
  );
