import { beforeEach, describe, expect, it } from 'vitest';
import { ingestBatch } from '../../lib/ingest/durable.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { deriveSignKey } from '../../lib/signing/secrets.ts';
import { parseVodEvent, type RawEvent } from '../../lib/vod/event.ts';
import { captureLog } from '../support/capture-log.ts';
import { connectVod } from '../support/connect-vod.ts';
import { startKnownVod } from '../support/known-vod.ts';
import { perTest } from '../support/per-test.ts';
import { settingsOf } from '../support/settings.ts';
import { NOWHERE } from '../support/source-contexts.ts';
import { useLedger } from '../support/use-ledger.ts';
import { arrivalOf, openCallback, SIGN_KEY, signed } from './callback-stage.ts';

/** The limits in docs/http-api.md for one application and minute: files of a deletion, and unconfirmable events. */
const [MAX_FILES, MAX_UNCONFIRMED] = [100, 600];

const [OWN, ACME] = [1_500_000_001, 1_500_000_002];
const SETTINGS = settingsOf({ policy: { tenants: { claim: 'org', subAppIds: { acme: ACME } } } });

const database = useLedger({ clock: { now: () => now } });
const { sql } = database;
const log = captureLog();
let ledger: Ledger;
const vod = perTest(startKnownVod);
/** Unix milliseconds, at the beginning of a minute. */
let now: number;

beforeEach(() => {
  now = Date.UTC(2026, 10, 22, 8, 0, 0);
  ledger = database.ledger;
});

/**
 * Opens an instance of the function with or without a ledger; returns a function that sends it a signed notification.
 */
function open(keeps = true) {
  const ask = openCallback({
    ...{ subAppId: OWN, api: connectVod(vod.endpoint), settings: SETTINGS },
    ...{
      ledger: keeps ? (work) => work(ledger) : undefined,
      clock: { now: () => now, monotonic: () => 0 },
    },
  });
  return async (event: RawEvent, subAppId = OWN) => {
    const key = subAppId === OWN ? SIGN_KEY : deriveSignKey(SIGN_KEY, subAppId);
    const query = { subAppId: String(subAppId) };
    const answer = await ask({ query, body: signed(event, key, now) });
    return { ...answer, log: log.lines.at(-1) ?? {} };
  };
}

const deletionOf = (FileIdSet: readonly string[]): RawEvent => ({
  ...{ EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet, FileDeleteResultInfo: [] } },
});

const listIds = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `52858907${String(from + i).padStart(11, '0')}`);

/** Records media with these ids, which VOD no longer has. */
async function makeKnown(fileIds: readonly string[]): Promise<void> {
  const origin = { ...NOWHERE, own: OWN, subAppId: OWN };
  const reception = { ...origin, receivedAt: now, confirmed: true, settings: SETTINGS };
  const arrivals = fileIds.map((fileId) => parseVodEvent(arrivalOf(fileId)));
  await ingestBatch(arrivals, ledger, reception);
}

const countDeleted = async () => {
  const [row] = await sql`select count(*) from uploads where state = 'deleted'`;
  return Number(row?.['count']);
};

describe('a deletion', () => {
  it('of unknown files causes no call of VOD', async () => {
    const { statusCode, log } = await open()(deletionOf(listIds(11_000)));

    expect(statusCode).toBe(200);
    expect(vod.calls).toEqual([]);
    expect(log).toMatchObject({ level: 'info', fresh: false, delivered: 0 });
    expect(await sql`select from events`).toEqual([]);
    expect(await sql`select from unconfirmed_events`).toEqual([]);
  });

  it('of known and unknown files calls VOD for the known ones alone', async () => {
    const known = listIds(2);
    await makeKnown(known);

    await open()(deletionOf([...listIds(5_000, 10), ...known, ...listIds(5_000, 5_010)]));

    expect(vod.calls.map(({ parameters }) => parameters['FileIds'])).toEqual([known]);
    expect(await countDeleted()).toBe(2);
  });

  it('of files of another application causes no call of VOD', async () => {
    await makeKnown(listIds(2));

    expect(await open()(deletionOf(listIds(2)), ACME)).toMatchObject({ statusCode: 200 });

    expect(vod.calls).toEqual([]);
    expect(await countDeleted()).toBe(0);
  });

  it('of many known files calls VOD for some of them and leaves the rest to the sweep', async () => {
    const known = listIds(250);
    await makeKnown(known);

    const { statusCode, log } = await open()(deletionOf([...known, ...known]));

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'confirmed', surplusFiles: 150 });
    const asked = vod.calls.map(({ parameters }) => Object(parameters['FileIds']).length);
    expect(asked).toEqual([20, 20, 20, 20, 20]);
    expect(await countDeleted()).toBe(MAX_FILES);
    const [kept, ...others] = await ledger.claimConfirmations(10, 60);
    expect(kept).toMatchObject({ subAppId: OWN, receivedAt: now });
    expect(parseVodEvent(kept?.raw ?? {})).toMatchObject({
      task: { FileIdSet: known.slice(MAX_FILES) },
    });
    expect(others).toEqual([]);
  });

  it('of many files without a ledger calls VOD for some of them, and the log counts the rest', async () => {
    const { statusCode, log } = await open(false)(deletionOf(listIds(11_000)));

    expect(statusCode).toBe(200);
    expect(vod.calls).toHaveLength(5);
    expect(log).toMatchObject({
      level: 'warn',
      surplusFiles: 10_900,
      reason: expect.stringContaining('no database'),
    });
  });

  it.each(['all', 7, { 0: 1 }, [null, 7, 'all', { FileId: { a: 1 } }]])(
    'with the parts %j is read as far as possible',
    async (FileDeleteResultInfo) => {
      await makeKnown(listIds(1));
      const FileDeleteEvent = { FileIdSet: listIds(2), FileDeleteResultInfo };

      const answer = await open()({ EventType: 'FileDeleted', FileDeleteEvent });

      expect(answer).toMatchObject({ statusCode: 200 });
      expect(await countDeleted()).toBe(1);
    },
  );
});

/** Events of an unknown type, each different. */
const unknownOf = (place: number): RawEvent => ({ EventType: 'Tomorrow', Place: place });

describe('unconfirmable events', () => {
  const sendMany = async (send: ReturnType<typeof open>, count: number, from = 0) => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < count; i += 1) {
      const { statusCode } = await send(unknownOf(from + i));
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    }
    return Object.fromEntries(statuses);
  };

  it.each([
    ['a ledger', true],
    ['no ledger', false],
  ])('are limited per minute, with %s, and the log counts the rest', async (_, keeps) => {
    const send = open(keeps);

    expect(await sendMany(send, MAX_UNCONFIRMED + 2)).toEqual({ 200: MAX_UNCONFIRMED, 429: 2 });
    const refused = await send({ ...unknownOf(-1), TaskId: 'x' });

    expect(refused).toMatchObject({ json: { code: 'unconfirmed_exceeded' } });
    expect(refused.headers['Retry-After']).toBe('60');
    expect(refused.log).toMatchObject({
      ...{ level: 'warn', status: 429, confirmation: 'unconfirmable', surplusEvents: 3 },
      ...{ eventType: 'Tomorrow', eventId: expect.stringMatching(/^evt_/) },
    });
    const rows = await sql`select from events where not confirmed`;
    expect(rows).toHaveLength(keeps ? MAX_UNCONFIRMED : 0);
    // The limit affects neither other applications nor events that VOD confirms.
    expect(await send(unknownOf(-2), ACME)).toMatchObject({ statusCode: 200 });
    vod.media.set('1', { FileId: '1', BasicInfo: { Name: 'a' } });
    expect(await send(arrivalOf('1'))).toMatchObject({ statusCode: 200 });
    now += 60_000;
    expect(await send(unknownOf(-3))).toMatchObject({ statusCode: 200 });
  });

  it('are limited over all instances of one ledger', async () => {
    const [first, second] = [open(), open()];
    await sendMany(first, MAX_UNCONFIRMED - 1);

    expect(await sendMany(second, 2, 10_000)).toEqual({ 200: 1, 429: 1 });
    expect(await sendMany(first, 1, 20_000)).toEqual({ 429: 1 });
  });

  it('are also limited if VOD could confirm their tasks but is not available', async () => {
    await sql`insert into unconfirmed_counts (sub_app_id, minute, count)
      values (${OWN}, ${new Date(now)}, ${MAX_UNCONFIRMED - 1})`;
    vod.refuseAll('InternalError');
    const send = open();
    const editOf = (TaskId: string) => ({
      ...{ EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId, Status: 'FINISH' } },
    });

    expect(await send(editOf('1-EditMedia-1'))).toMatchObject({ statusCode: 200 });
    const refused = await send(editOf('1-EditMedia-2'));
    expect(await send(arrivalOf('1'))).toMatchObject({
      statusCode: 200,
      log: { confirmation: 'kept' },
    });

    expect(refused).toMatchObject({ statusCode: 429, log: { surplusEvents: 1 } });
    expect(await sql`select from unconfirmed_events`).toHaveLength(2);
  });
});

describe('a deletion of parts, which VOD cannot confirm', () => {
  it('is logged if the database is not available', async () => {
    const FileDeleteResultInfo = [{ FileId: '1', DeleteParts: [{ Type: 'TranscodeFiles' }] }];
    const FileDeleteEvent = { FileIdSet: ['1'], FileDeleteResultInfo };
    const event = { EventType: 'FileDeleted', FileDeleteEvent };
    const url = 'postgres://nobody:nothing@127.0.0.1:9/nowhere';
    ledger = database.open({ url, answerMilliseconds: 200 });

    const { statusCode } = await open()(event);
    await open()(deletionOf(['1']));

    expect(statusCode).toBeGreaterThanOrEqual(500);
    const told = log.lines.filter(({ piece }) => piece !== undefined);
    expect(told).toMatchObject([{ level: 'error', eventType: 'FileDeleted', piece: '1/1' }]);
    expect(JSON.parse(String(told[0]?.event))).toEqual(event);
  });
});
