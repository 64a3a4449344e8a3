import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../lib/ingest/durable.ts';
import { ingestProven } from '../../../lib/ingest/ingest-proven.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import type { ClaimedDelivery } from '../../../lib/ledger/deliveries/deliveries.ts';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import type { EventRecord } from '../../../lib/ledger/recording/event-record.ts';
import { parseVodEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { CONTEXTS, NOWHERE } from '../../support/source-contexts.ts';

const AWAY = new LedgerError('Away.', { code: 'ECONNRESET', isTransient: true });
const FAULT = new RangeError('It is too deep.');

const arrivalOf = (FileId: string) =>
  parseVodEvent({ EventType: 'NewFileUpload', FileUploadEvent: { FileId } });
const unused = async () => {
  throw new Error('Nothing is asked for here.');
};

const known = { fresh: false, uploads: [], announced: ['evt_told'], deliveries: 0, claims: [] };

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
      storeForRetry: unused,
    };
    const run = {
      ...{ ledger, subAppId: undefined, applications: [undefined] as const, contexts: CONTEXTS },
      ...{ settings: NO_SETTINGS, clock: { now: () => 5 }, report: () => undefined },
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
  const claim = (eventId: string, receivedAt: number): ClaimedDelivery => ({
    ...{ eventId, endpoint: 'https://gone.example', attempt: 1, enqueuedAt: 5 },
    size: 0,
    lease: { due_at: '', leased_until: '' },
    event: { kind: 'vod', eventId, eventType: 'vod.FileDeleted', payload: {}, receivedAt },
  });

  async function dispatchAll(claims: readonly ClaimedDelivery[], failure?: Error) {
    const released: string[] = [];
    const failDelivery = async ({ eventId }: { readonly eventId: string }) => {
      if (failure !== undefined) throw failure;
      released.push(eventId);
      return true;
    };
    const recorded = { ...known, fresh: claims.length > 0, claims };
    const ledger = {
      ...{ finishDelivery: unused, pauseEndpoint: unused, countItemFailure: unused },
      ...{ failDelivery, releaseDeliveries: unused },
    };
    // The target of the claims is gone, so that none is sent.
    const log = await dispatch(
      [known, recorded].map((each) => ({
        ...{ received: receiveEvent(arrivalOf('f'), NOWHERE), recorded: each },
      })),
      ledger,
      {
        targets: [],
        clock: { now: () => 5 },
        random: { fraction: () => 0 },
        deadline: { left: () => 60_000 },
      },
    );
    return { log, released };
  }

  it('ends the claims of the events, oldest first', async () => {
    const { log, released } = await dispatchAll([claim('later', 2), claim('earlier', 1)]);

    expect(log).toEqual({ fresh: true, delivered: 0 });
    expect(released).toEqual(['earlier', 'later']);
  });

  it('does nothing without claims', async () => {
    expect(await dispatchAll([])).toEqual({ log: { fresh: false, delivered: 0 }, released: [] });
  });

  it('leaves deliveries to the sweep if the ledger becomes unavailable', async () => {
    expect((await dispatchAll([claim('e', 1)], AWAY)).log).toMatchObject({
      ...{ fresh: true, delivered: 0, level: 'warn', code: 'ledger_unavailable' },
    });
  });
});
