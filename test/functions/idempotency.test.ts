import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RepeatablePullUpload } from '../../lib/vod/client.ts';
import { captureLog } from '../support/capture-log.ts';
import { useLedger } from '../support/use-ledger.ts';
import { accept, NOW, openPull } from './pull-stage.ts';

const MEDIA = 'https://media.example.com/film.mp4';

/** A request: its body, and its header `Idempotency-Key` if it has one. */
type Keyed = readonly [body: object, headerKey?: string];

const { ledger } = useLedger({ per: 'file', clock: { now: () => NOW } });
captureLog();
let sent: RepeatablePullUpload[];

beforeEach(() => {
  sent = [];
});

describe.each([
  ['with a database', true],
  ['without a database', false],
])('an idempotency key, %s', (_, withLedger) => {
  /** No test forgets its keys, so each run uses keys of its own. */
  function load() {
    const run = randomUUID();
    const ask = openPull({
      api: {
        pullUpload: (request) => {
          sent.push(request);
          return accept(request);
        },
      },
      ledger: withLedger ? (work) => work(ledger) : undefined,
    });
    return async ([body, headerKey]: Keyed) => {
      const name = (text: string) => text.replaceAll('RUN', run);
      const { statusCode, json } = await ask({
        headers: headerKey === undefined ? {} : { 'idempotency-key': name(headerKey) },
        body: name(JSON.stringify(body)),
      });
      const [item = json] = json.items ?? [];
      const code = item.code ?? item.problem?.code;
      return { status: statusCode, code, uploadId: item.uploadId, path: item.errors?.[0]?.path };
    };
  }

  const one = { mediaUrl: MEDIA };

  it.each<[string, Keyed, Keyed]>([
    ['in the header and then in the body', [one, 'RUN'], [{ ...one, idempotencyKey: 'RUN' }]],
    ['in the body and then in the header', [{ ...one, idempotencyKey: 'RUN' }], [one, 'RUN']],
    ['in both at the same time', [{ ...one, idempotencyKey: 'RUN' }, 'RUN'], [one, 'RUN']],
    [
      'of a request and of a batch item',
      [one, 'RUN'],
      [{ items: [{ ...one, idempotencyKey: 'RUN' }] }],
    ],
    [
      'of an item in a batch with another key',
      [{ items: [{ ...one, idempotencyKey: 'RUN' }] }, 'RUN-batch'],
      [one, 'RUN'],
    ],
    ["of a batch with the item's place", [{ items: [one] }, 'RUN'], [one, 'RUN/0']],
    ['null in the body', [{ ...one, idempotencyKey: null }, 'RUN'], [one, 'RUN']],
    [
      'of a request in another order, with null and another spelling of its time',
      [
        {
          ...one,
          ...{ classId: 7, limits: { maxBytes: 5, maxSeconds: 6 }, mediaName: null },
          expireTime: '2099-01-01T00:00:00Z',
        },
        'RUN',
      ],
      [
        {
          ...{ expireTime: '2099-01-01T09:00+0900', limits: { maxSeconds: 6, maxBytes: 5 } },
          ...{ idempotencyKey: 'RUN', classId: 7, mediaUrl: 'HTTPS://media.example.com/film.mp4' },
        },
      ],
    ],
  ])('%s stands for one request', async (_where, first, second) => {
    const ask = load();

    const answered = await ask(first);
    const again = await ask(second);

    expect(answered).toEqual({ status: 202, code: undefined, uploadId: expect.any(String) });
    expect(again).toEqual(answered);
    expect(sent).toHaveLength(1);
  });

  it.each<[string, Keyed, Keyed]>([
    ['in the header', [one, 'RUN'], [{ ...one, classId: 7 }, 'RUN']],
    ['in the body', [one, 'RUN'], [{ ...one, classId: 7, idempotencyKey: 'RUN' }]],
    ['of an item', [one, 'RUN'], [{ items: [{ ...one, classId: 7, idempotencyKey: 'RUN' }] }]],
  ])('%s with another request is a conflict', async (_where, first, second) => {
    const ask = load();

    await ask(first);
    const other = await ask(second);

    expect(other.code).toBe('idempotency_conflict');
    expect(sent).toHaveLength(1);
  });

  it('in the header is refused if the body has another one', async () => {
    const answered = await load()([{ ...one, idempotencyKey: 'RUN' }, 'other']);

    expect(answered).toMatchObject({
      status: 400,
      code: 'invalid_request',
      path: 'idempotencyKey',
    });
    expect(sent).toEqual([]);
  });
});
