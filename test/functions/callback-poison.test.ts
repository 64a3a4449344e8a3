import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSample, ODDITIES, POISONS, refuseByName } from '../lib/sweep/poisons.ts';
import { useLedger } from '../support/use-ledger.ts';
import { arrivalOf, type Notified, useCallback } from './callback-stage.ts';

const database = useLedger();
const { ledger } = database;
const { vod, load: loadCallback } = useCallback();
let made = 0;

beforeEach(() => refuseByName(database.url));

const load = () => loadCallback({ DATABASE_URL: database.url, WEBHOOK_ENDPOINTS: '[]' });

/** A malformed id is denied without a call of VOD. */
const DENIED = 'an id that no index takes';
const FLAWS = ['none', 'none', ...Object.keys(ODDITIES), ...Object.keys(POISONS)].filter(
  (flaw) => flaw !== DENIED,
);

/** Adds new media with each flaw to VOD. */
function addMedia(flaws: readonly string[]) {
  made += flaws.length;
  const samples = flaws.map((flaw, index) => createSample(made - index, flaw));
  for (const { fileId, media } of samples) vod.media.set(fileId, media);
  return samples;
}

describe('POST /callback with an event that cannot be processed', () => {
  it('answers 200 to every notification and records all valid events', async () => {
    const notify = await load();
    const batches = fc.array(fc.constantFrom(...FLAWS), { minLength: 1, maxLength: 12 });
    const property = fc.asyncProperty(batches, async (flaws) => {
      const samples = addMedia(flaws);
      const answers: Notified[] = [];
      // VOD sends an unanswered notification twice more.
      for (let time = 0; time < 3; time += 1) {
        for (const { fileId } of samples) answers.push(await notify(arrivalOf(fileId)));
      }

      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
      const good = samples.filter(({ isPoison }) => !isPoison).map(({ fileId }) => fileId);
      const found = await ledger.findFiles(samples.map(({ fileId }) => fileId));
      expect(found.toSorted()).toEqual(good.toSorted());
      const { items } = await ledger.listDeadItems({ limit: 1_000 });
      const dead = items.flatMap(({ fileId = '' }) => fileId);
      for (const { fileId, isPoison } of samples) expect(dead.includes(fileId)).toBe(isPoison);
    });
    await fc.assert(property, { numRuns: 6 });
  });

  it('denies a malformed id and records nothing', async () => {
    const notify = await load();
    const [sample] = addMedia([DENIED]);

    const answer = await notify(arrivalOf(String(sample?.fileId)));

    expect(answer).toMatchObject({ statusCode: 401, log: { confirmation: 'denied' } });
    expect(await ledger.claimConfirmations(10, 0)).toEqual([]);
    expect((await ledger.listDeadItems({ limit: 10 })).items).toEqual([]);
  });

  it('records the event for the sweep, and sets it aside at the third failure', async () => {
    const notify = await load();
    const [sample] = addMedia(['a name that the database refuses by a constraint']);
    const fileId = String(sample?.fileId);

    const first = await notify(arrivalOf(fileId));
    expect(first.log).toMatchObject({ level: 'warn', confirmation: 'kept', item: { attempts: 1 } });
    expect((await ledger.listDeadItems({ limit: 10 })).items).toEqual([]);
    expect(await ledger.claimConfirmations(10, 0)).toMatchObject([{ raw: arrivalOf(fileId) }]);
    await notify(arrivalOf(fileId));
    const third = await notify(arrivalOf(fileId));

    expect(third.log).toMatchObject({
      ...{ level: 'error', confirmation: 'kept', status: 200, databaseCode: '23514' },
      ...{ item: { kind: 'event', attempts: 3 }, code: '23514', fileId },
    });
    expect(JSON.stringify(third.log)).not.toContain('refused 23514');
    expect((await ledger.listDeadItems({ limit: 10 })).items).toMatchObject([
      { kind: 'event', id: third.log['eventId'], fileId, attempts: 3, code: '23514' },
    ]);
  });
});
