import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../lib/ingest/durable.ts';
import { ingestProven } from '../../../lib/ingest/proven.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import type { EventRecord } from '../../../lib/ledger/event-record.ts';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import { parseVodEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { CONTEXTS, NOWHERE } from '../../support/source-contexts.ts';

const AWAY = new LedgerError('Away.', { code: 'ECONNRESET', isPassing: true });
const FAULT = new RangeError('It is too deep.');

const arrivalOf = (FileId: string) =>
  parseVodEvent({ EventType: 'NewFileUpload', FileUploadEvent: { FileId } });
const unused = async () => {
  throw new Error('Nothing is asked for here.');
};

const known = { fresh: false, uploads: [], announced: ['evt_told'], deliveries: 0 };

describe('ingestProven()', () => {
  /** Ingests that many arrivals; the ledger fails with `error` on those with the file `bad`. */
  async function ingest(count: number, bad: string, error: Error) {
    const recorded: string[] = [];
    const added: [string, number?][] = [];
    const [faults, failed]: [unknown[], unknown[]] = [[], []];
    const ledger = {
      ...{ transition: unused, findUpload: unused, detachFiles: unused },
      async recordEvents(records: readonly EventRecord[]) {
        const files = records.map(({ fileId = '' }) => fileId);
        if (files.includes(bad)) throw error;
        recorded.push(...files);
        return records.map(({ fileId }) => ({ ...known, fresh: fileId !== '0' }));
      },
      async countItemFailure({ fileId }: { readonly fileId?: string | undefined }) {
        failed.push(fileId);
        return { attempts: 3, isDead: true, isNews: true };
      },
      keepForRetry: unused,
    };
    const run = {
      ...{ ledger, subAppId: undefined, applications: [undefined] as const, contexts: CONTEXTS },
      ...{ settings: NO_SETTINGS, now: () => 5, report: () => undefined },
    };
    const events = Array.from({ length: count }, (_, place) => arrivalOf(String(place)));
    const ingested = ingestProven(events, run, {
      add: (...counted: [string, number?]) => added.push(counted),
      fail: (fault) => faults.push(fault),
    });
    return { fresh: await ingested, recorded, added, faults, failed };
  }

  it('records all valid events once, and counts the new ones', async () => {
    const { fresh, recorded, added, faults, failed } = await ingest(9, '4', FAULT);

    expect([fresh, recorded]).toEqual([7, ['0', '1', '2', '3', '5', '6', '7', '8']]);
    expect([faults, failed]).toEqual([[FAULT], ['4']]);
    const sum = added.filter(([name]) => name === 'fresh').reduce((all, [, by = 0]) => all + by, 0);
    expect([sum, added.filter(([name]) => name === 'setAside')]).toEqual([7, [['setAside']]]);
  });

  it('does not call the ledger without events', async () => {
    expect(await ingest(0, '', FAULT)).toMatchObject({ fresh: 0, added: [] });
  });

  it('throws errors that are not about an event', async () => {
    await expect(ingest(2, '1', AWAY)).rejects.toBe(AWAY);
  });
});

describe('dispatch()', () => {
  const fresh = { fresh: true, uploads: [], announced: ['evt_new'], deliveries: 2 };
  const ingested = (fileId: string, recorded: typeof known) => ({
    ...{ received: receiveEvent(arrivalOf(fileId), NOWHERE), recorded },
  });

  async function dispatchAll(recorded: readonly (typeof known)[], failure?: Error) {
    const claimed: unknown[] = [];
    const claimFresh = async (eventIds: readonly string[], seconds: number) => {
      claimed.push([eventIds, seconds]);
      if (failure !== undefined) throw failure;
      return [];
    };
    const events = recorded.map((each, place) => ingested(String(place), each));
    const ledger = {
      ...{ finishDelivery: unused, failDelivery: unused, pauseEndpoint: unused },
      ...{ countItemFailure: unused, claimFresh },
    };
    const log = await dispatch(events, ledger, {
      ...{ targets: [], now: () => 5, random: () => 0, deadline: { left: () => 60_000 } },
    });
    return { log, claimed, ids: events.map(({ received }) => received.eventId) };
  }

  it('makes the first attempt for events with deliveries', async () => {
    const { log, claimed, ids } = await dispatchAll([known, fresh]);

    expect(log).toEqual({ fresh: true, delivered: 0 });
    expect(claimed).toEqual([[[ids[1], 'evt_new'], 15]]);
  });

  it('claims no delivery if there are none', async () => {
    expect(await dispatchAll([known])).toMatchObject({
      ...{ log: { fresh: false, delivered: 0 }, claimed: [] },
    });
  });

  it('leaves deliveries to the sweep if the ledger becomes unavailable', async () => {
    expect((await dispatchAll([fresh], AWAY)).log).toMatchObject({
      ...{ fresh: true, delivered: 0, level: 'warn', code: 'ledger_unavailable' },
    });
  });
});
