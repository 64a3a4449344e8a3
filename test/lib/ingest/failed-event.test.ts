import { describe, expect, it } from 'vitest';
import {
  countEventFailure,
  logUnstoredEvent,
  reportFailedEvent,
  rethrowLogged,
  storeOrThrow,
} from '../../../lib/ingest/failed-event.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import type { ItemFailure } from '../../../lib/ledger/jobs/dead-items.ts';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import { Problem } from '../../../lib/problem.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { identifyEvent } from '../../../lib/vod/event-id.ts';
import { captureLog } from '../../support/capture-log.ts';
import { NOWHERE } from '../../support/source-contexts.ts';

const CANARY = 'canary-5f1e';

function log(event: RawEvent, confirmed = false): readonly LogFields[] {
  const lines: LogFields[] = [];
  logUnstoredEvent(receiveEvent(parseVodEvent(event), NOWHERE), confirmed, (line) =>
    lines.push(line),
  );
  return lines;
}

const read = (lines: readonly LogFields[]) => lines.map(({ event }) => event).join('');

describe('logUnstoredEvent()', () => {
  it('logs the whole event that cannot be found again', () => {
    const event = {
      EventType: 'MediaCastStatusChanged',
      MediaCastStatusChangedEvent: { CastId: 'cast-1', Status: 'Working', List: [1, 'a b', true] },
    };

    const lines = log({ ...event, Sign: CANARY, T: CANARY });

    expect(lines).toMatchObject([
      {
        ...{ level: 'error', eventType: 'MediaCastStatusChanged', piece: '1/1' },
        eventId: expect.stringMatching(/^evt_/),
        reason: expect.stringMatching(/could not be stored.+all that is left of it\.$/),
      },
    ]);
    expect(JSON.parse(read(lines))).toEqual(event);
  });

  it.each([
    ['an unknown event', { EventType: 'Tomorrow', Any: 1 }, false, 1],
    [
      'a task',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId: '1' } },
      true,
      1,
    ],
    [
      'parts that were deleted',
      {
        EventType: 'FileDeleted',
        FileDeleteEvent: {
          FileIdSet: ['1'],
          FileDeleteResultInfo: [{ FileId: '1', DeleteParts: [{ Type: 'TranscodeFiles' }] }],
        },
      },
      false,
      1,
    ],
    ['an arrival', { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '1' } }, true, 0],
    ['a deletion', { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['1'] } }, true, 0],
    [
      'a pull',
      { EventType: 'PullComplete', PullCompleteEvent: { TaskId: '1', Status: 'FINISH' } },
      true,
      0,
    ],
  ])('logs of %s what the sweep cannot find', (_what, event, confirmed, count) => {
    expect(log(event, confirmed)).toHaveLength(count);
  });

  it.each([
    ['source contexts', { SessionContext: CANARY, Input: { SourceContext: CANARY } }],
    ['fields named as secrets', { SecretKey: CANARY, accessToken: CANARY, StreamKey: CANARY }],
    ['lists of secrets', { Tokens: [CANARY, [CANARY]] }],
    ['the query of a URL', { Url: `https://media.example.com/film.mp4?sign=${CANARY}` }],
    ['the key of a stream', { Url: `rtmp://live.example.com/app/${CANARY}` }],
    ['a password in a URL', { Url: `https://user:p@ss-${CANARY}@media.example.com/` }],
    ['a URL whose scheme has a digit', { Url: `s3://bucket/${CANARY}` }],
    ['a URL inside a text', { Message: `Cannot push to rtmps://live.example.com/${CANARY}.` }],
    ['a URL as a field name', { [`https://media.example.com/${CANARY}`]: 1 }],
  ])('keeps %s out of the log', (_what, fields) => {
    const text = read(log({ EventType: 'Tomorrow', TaskId: 'task-1', TomorrowEvent: fields }));

    expect(text).not.toContain(CANARY);
    expect(text).toContain('"TaskId":"task-1"');
  });

  it.each([
    ...['SessionContext', 'secret_id', 'Tokens', 'password', 'Credentials', 'Authorization'],
    ...['authorisation', 'SignatureV1', 'sign', 'Sign', 'StreamKey'],
  ])('keeps fields named %s out of the log', (name) => {
    const event = { EventType: 'Tomorrow', Any: { [name]: CANARY } };
    expect(JSON.parse(read(log(event)))).toEqual({ ...event, Any: { [name]: '[removed]' } });
  });

  it('logs fields with other names', () => {
    const event = { EventType: 'Tomorrow', Any: { Design: 'a', signed: 'b', KeyFrame: 'c' } };
    expect(JSON.parse(read(log(event)))).toEqual(event);
  });

  it('logs scheme, host and port of a URL', () => {
    const Url = 'rtmp://user:password@live.example.com:1935/app/key?x=1';
    expect(JSON.parse(read(log({ EventType: 'Tomorrow', Url })))).toEqual({
      ...{ EventType: 'Tomorrow', Url: 'rtmp://live.example.com:1935/…' },
    });
  });

  it('logs a long event in parts, up to a limit', () => {
    const lines = log({ EventType: 'Tomorrow', Text: 'x'.repeat(20_000) });
    expect(lines.map(({ piece }) => piece)).toEqual(['1/3', '2/3', '3/3']);
    expect(read(lines)).toContain('x'.repeat(20_000));

    const longest = log({ EventType: 'Tomorrow', Text: 'x'.repeat(6_000_000) });
    expect(longest).toHaveLength(8);
    expect(read(longest)).toHaveLength(65_536);
    expect(longest[0]?.reason).toMatch(/longer than is logged/);
  });

  it.each(['a.', 'a://', '@', 'a:/', 'https://a@'])('handles a text of %j alone', (part) => {
    const Text = part.repeat(6_000_000 / part.length);
    expect(log({ EventType: 'Tomorrow', Text }).length).toBeGreaterThan(0);
  });
});

const ARRIVAL = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '42' } };
const DELETION = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['42'] } };
const TOMORROW = { EventType: 'Tomorrow' };
const FAILED = { raw: ARRIVAL, proven: true, subAppId: 1, own: 1, receivedAt: 5 };
const FAULT = new RangeError(CANARY);
const AWAY = new LedgerError('Away.', { code: 'ECONNRESET', isTransient: true });
const REFUSAL = new LedgerError('Refused.', { code: '54001', isTransient: false });

type StoredEvent = Parameters<Ledger['storeForRetry']>[0];

/** A ledger in which an item is dead after the given number of failures, and its records. */
function openLedger({ failures = 0, refusal }: { failures?: number; refusal?: Error } = {}) {
  const counted: (ItemFailure & { readonly most: number })[] = [];
  const kept: StoredEvent[] = [];
  return {
    counted,
    kept,
    async countItemFailure(failure: ItemFailure, most: number) {
      counted.push({ ...failure, most });
      const attempts = failures + counted.length;
      return { attempts, isDead: attempts >= most, isNews: attempts === most };
    },
    async storeForRetry(event: StoredEvent) {
      if (refusal !== undefined) throw refusal;
      kept.push(event);
    },
  };
}

describe('rethrowLogged()', () => {
  const written = captureLog();

  it.each([
    ['an event that cannot be found again', AWAY, [{ requestId: 'call-1', piece: '1/1' }]],
    ['nothing of an event that becomes a dead item', FAULT, []],
  ])('logs %s', (_what, error, lines) => {
    const received = () => receiveEvent(parseVodEvent(TOMORROW), NOWHERE);

    expect(() => rethrowLogged(error, received, true, { requestId: 'call-1' })).toThrow(error);
    expect(written.lines).toMatchObject(lines);
    expect(written.lines).toHaveLength(lines.length);
  });
});

describe('countEventFailure()', () => {
  it.each([
    ['an arrival, by its file', ARRIVAL, {}, identifyEvent(parseVodEvent(ARRIVAL)), '42'],
    ['an event of a tenant', ARRIVAL, { own: 2 }, identifyEvent(parseVodEvent(ARRIVAL), 1), '42'],
    ['a deletion', DELETION, {}, identifyEvent(parseVodEvent(DELETION)), undefined],
    ['an event under its known id', TOMORROW, { eventId: 'evt_1' }, 'evt_1', undefined],
  ])('counts %s', async (_what, raw, change, id, fileId) => {
    const ledger = openLedger();

    const failure = await countEventFailure({ ...FAILED, raw, ...change }, FAULT, ledger);

    const name = { kind: 'event', id, subAppId: 1, ...(fileId === undefined ? {} : { fileId }) };
    expect(ledger.counted).toEqual([
      {
        ...name,
        code: 'RangeError',
        reason: expect.any(String),
        content: expect.any(String),
        most: 3,
      },
    ]);
    expect(JSON.parse(ledger.counted[0]?.content ?? '')).toEqual({
      ...{ raw, proven: true, receivedAt: 5 },
    });
    expect(failure).toMatchObject({ eventId: id, counted: { attempts: 1, isDead: false } });
    const { EventType: eventType } = raw;
    expect(failure.log).toEqual({
      ...{ level: 'warn', code: 'RangeError', error: 'RangeError', stack: expect.any(String) },
      ...{
        reason: expect.stringContaining('be retried'),
        item: { kind: 'event', id, attempts: 1 },
      },
      ...{ eventId: id, ...(fileId === undefined ? {} : { fileId }) },
      ...(raw === TOMORROW ? {} : { eventType }),
    });
    expect(JSON.stringify(failure.log)).not.toContain(CANARY);
  });
});

describe('storeOrThrow()', () => {
  it.each([
    ['a refusal', new Problem('No.', { code: 'unauthorized' }), true],
    ['an error that is not about the event', AWAY, true],
    ['everything without a ledger', FAULT, false],
  ])('throws %s', async (_what, error, hasLedger) => {
    const ledger = openLedger();
    const open = hasLedger ? storeOrThrowWith(ledger) : storeOrThrowWith(undefined);

    await expect(open(error, {})).rejects.toBe(error);
    expect([ledger.counted, ledger.kept]).toEqual([[], []]);
  });

  it('records an event that fails because of itself until it is dead', async () => {
    const [alive, dying] = [openLedger(), openLedger({ failures: 2 })];
    const log: LogFields = {};

    await storeOrThrowWith(alive)(FAULT, log);
    await storeOrThrowWith(dying)(FAULT, {});

    const eventId = identifyEvent(parseVodEvent(ARRIVAL));
    const { own: _, ...event } = FAILED;
    expect(alive.kept).toEqual([{ ...event, eventId }]);
    expect(log).toMatchObject({ eventId, confirmation: 'kept' });
    expect([dying.counted.length, dying.kept]).toEqual([1, []]);
  });

  it('sets an event that cannot be recorded either aside immediately', async () => {
    const ledger = openLedger({ refusal: REFUSAL });
    const log: LogFields = {};

    await storeOrThrowWith(ledger)(FAULT, log);
    await expect(storeOrThrowWith(openLedger({ refusal: AWAY }))(FAULT, {})).rejects.toBe(AWAY);

    expect(ledger.counted.map(({ code, most }) => [code, most])).toEqual([
      ['RangeError', 3],
      ['54001', 1],
    ]);
    expect(log).toMatchObject({ reason: expect.stringContaining('set aside') });
  });

  function storeOrThrowWith(ledger: ReturnType<typeof openLedger> | undefined) {
    return (error: unknown, log: LogFields) =>
      storeOrThrow(error, FAILED, ledger && ((work) => work(ledger)), log);
  }
});

it.each([
  [0, []],
  [2, ['setAside']],
])('reports a failed event of the sweep after %i failures', async (failures, added) => {
  const [names, faults, lines]: [string[], unknown[], LogFields[]] = [[], [], []];
  const run = { subAppId: 1, applications: [1] as const, clock: { now: () => 7 } };

  await reportFailedEvent(
    { raw: ARRIVAL, proven: true },
    FAULT,
    { ...run, ledger: openLedger({ failures }), report: (line) => lines.push(line) },
    { add: (name) => names.push(name), fail: (error) => faults.push(error) },
  );

  expect([names, faults]).toEqual([added, [FAULT]]);
  expect(lines).toMatchObject([{ item: { attempts: failures + 1 } }]);
});
