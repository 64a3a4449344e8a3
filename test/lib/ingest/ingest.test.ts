import { describe, expect, it } from 'vitest';
import { createIngest } from '../../../lib/ingest/ingest.ts';
import { lazyLedger, type WithLedger } from '../../../lib/ledger/lazy-ledger.ts';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import type { Settings } from '../../../lib/policy/settings.ts';
import { Problem } from '../../../lib/problem.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import type { Deadline } from '../../../lib/system.ts';
import type { RawEvent } from '../../../lib/vod/event.ts';
import { captureLog } from '../../support/capture-log.ts';
import { NO_SETTINGS, settingsOf } from '../../support/settings.ts';
import { signCallback } from '../../support/sign-callback.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
const KEY = 'SignKeyNew1';
const OWN = 1_500_000_001;
const TENANTS = settingsOf({ policy: { tenants: { claim: 'org', subAppIds: { acme: OWN + 1 } } } });

const ARRIVAL = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '42' } };
const DELETION = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['43'] } };
const PARTS_DELETED = {
  EventType: 'FileDeleted',
  FileDeleteEvent: {
    FileIdSet: ['42'],
    FileDeleteResultInfo: [{ FileId: '42', DeleteParts: [{ Type: 'TranscodeFiles' }] }],
  },
};
const CAST = {
  EventType: 'MediaCastStatusChanged',
  MediaCastStatusChangedEvent: { CastId: 'cast-1' },
};
const EDITED = { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId: 'edit-1' } };

const database = useLedger({ clock: { now: () => NOW } });
const written = captureLog();

const unused = async () => {
  throw new Error('Nothing is done to a media here.');
};
const busy = async () => {
  throw new Problem('VOD takes too long.', { code: 'upstream_timeout' });
};

interface Stage {
  readonly ledger?: WithLedger;
  readonly settings?: Settings;
  readonly isBusy?: boolean;
  readonly monotonic?: () => number;
}

/**
 * Returns a function that ingests notifications while VOD has only the file 42, and the deadlines of the calls of VOD.
 */
function open({ ledger, settings = NO_SETTINGS, isBusy = false, monotonic = () => 0 }: Stage = {}) {
  const deadlines: (Deadline | undefined)[] = [];
  const ingest = createIngest({
    config: { signKeys: [KEY], contexts: CONTEXTS, vodApi: { subAppId: OWN } },
    settings,
    api: {
      async describeMediaInfos({ FileIds }, { deadline } = {}) {
        deadlines.push(deadline);
        if (isBusy) return busy();
        const MediaInfoSet = FileIds.filter((each) => each === '42').map((FileId) => ({
          ...{ FileId, BasicInfo: { Name: 'film' } },
        }));
        return { MediaInfoSet, NotExistFileIdSet: FileIds.filter((each) => each !== '42') };
      },
      describeTaskDetail: busy,
      describeTasks: async () => ({ TaskSet: [], TotalCount: 0, RequestId: 'r-2' }),
      ...{ deleteMedia: unused, modifyMediaInfo: unused, processMediaByProcedure: unused },
    },
    ...{ ledger, targets: [], fetchCover: unused, random: { fraction: () => 0 } },
    clock: { now: () => NOW, monotonic },
  });
  return {
    deadlines,
    async tell(event: RawEvent) {
      const body = JSON.stringify({ ...event, ...signCallback(KEY, NOW / 1_000 + 600) });
      const log: LogFields = {};
      const request = { httpMethod: 'POST', headers: {}, queryString: {}, body };
      const refusal = await ingest(request, { log, deadline: { left: () => 60_000 } }).catch(
        (error: unknown) => error,
      );
      return { log, refusal };
    },
  };
}

it('ingest opens the ledger within the time for calling VOD, so that later steps have their full time', async () => {
  let time = 0;
  const ledger = lazyLedger(async () => {
    time += 400;
    return database.ledger;
  });
  const { tell, deadlines } = open({ ledger, isBusy: true, monotonic: () => time });

  const { log } = await tell(ARRIVAL);

  expect(deadlines[0]?.left()).toBe(2_500 - 400);
  expect(log).toMatchObject({ confirmation: 'kept', fresh: true, code: 'upstream_timeout' });
});

describe('a deletion that VOD confirms', () => {
  const ledger: WithLedger = (work) => work(database.ledger);

  it.each<[string, Stage, RawEvent, string]>([
    ['with a single application', {}, DELETION, 'confirmed'],
    [
      'except with several applications without a ledger',
      { settings: TENANTS },
      DELETION,
      'unconfirmable',
    ],
    ['with several applications, if it is an arrival', { settings: TENANTS }, ARRIVAL, 'confirmed'],
    [
      'with several applications, if the ledger knows the file',
      { settings: TENANTS, ledger },
      DELETION,
      'confirmed',
    ],
  ])('is accepted %s', async (_where, stage, event, confirmation) => {
    await database.ledger.noteAbsentArrival({ fileId: '43', source: {} }, OWN);

    const { log, refusal } = await open(stage).tell(event);

    expect([log.confirmation, refusal]).toEqual([confirmation, undefined]);
  });

  it('of unknown files causes no call of VOD', async () => {
    const { tell, deadlines } = open({ ledger });

    const { log, refusal } = await tell(DELETION);

    expect([refusal, log.fresh, log.confirmation]).toEqual([undefined, false, undefined]);
    expect(deadlines).toEqual([]);
  });
});

it('a malformed event is denied without naming its type', async () => {
  const { log, refusal } = await open().tell({ EventType: 'NewFileUpload' });

  expect(refusal).toMatchObject({ code: 'unauthorized' });
  expect(log).toEqual({ signKey: 0, confirmation: 'denied' });
});

describe('while the ledger is not available', () => {
  const AWAY = new LedgerError('Away.', { code: 'ECONNRESET', isTransient: true });
  const { tell, deadlines } = open({ ledger: () => Promise.reject(AWAY) });

  it.each([
    ['an arrival', ARRIVAL, 0],
    ['a deletion', DELETION, 0],
    ['a deletion of parts', PARTS_DELETED, 1],
    ['a cast', CAST, 1],
  ])('logs only events that cannot be found again: %s', async (_what, event, count) => {
    expect((await tell(event)).refusal).toBe(AWAY);
    expect(deadlines).toEqual([]);
    expect(written.lines.map(({ event: text }) => JSON.parse(String(text)))).toEqual(
      Array(count).fill(event),
    );
  });
});

it.each<[string, RawEvent, boolean, string | undefined]>([
  ['arrivals', ARRIVAL, false, undefined],
  ['arrivals while VOD is not available', ARRIVAL, true, 'confirmation_unavailable'],
  ['casts', CAST, false, 'unconfirmed_exceeded'],
  ['tasks while VOD is not available', EDITED, true, 'unconfirmed_exceeded'],
])('events of %s are limited', async (_what, event, isBusy, code) => {
  const { tell } = open({ isBusy });
  for (let i = 0; i < 600; i += 1) await tell(event);

  const { refusal } = await tell(event);

  expect(refusal instanceof Problem ? refusal.code : refusal).toBe(code);
});

it('an event that fails because of itself is recorded as unproven', async () => {
  const recordEvents = () => Promise.reject(new RangeError('It is too deep.'));
  const { tell } = open({ ledger: (work) => work({ ...database.ledger, recordEvents }) });

  const { log, refusal } = await tell(ARRIVAL);

  expect([refusal, log.confirmation]).toEqual([undefined, 'kept']);
  const [claim] = await database.ledger.claimConfirmations(9, 60);
  expect(claim).toMatchObject({ raw: ARRIVAL, subAppId: OWN, receivedAt: NOW });
  expect(claim).not.toHaveProperty('proven');
});
