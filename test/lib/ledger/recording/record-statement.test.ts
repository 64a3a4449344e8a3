import { describe, expect, it, vi } from 'vitest';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import type { EventRecord } from '../../../../lib/ledger/recording/event-record.ts';
import { type UploadChange, writeChange } from '../../../../lib/ledger/uploads/upload-row.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const TARGETS = [{ id: 'https://a.example', events: ['vod.*', 'upload.*'] }];
const { ledger, sql } = useLedger({ targets: TARGETS });

const ALL_FIELDS = {
  ...{ subAppId: 1_500_000_001, taskId: 'task', name: 'a film', mediaUrl: 'https://m.example/a' },
  ...{ coverUrl: 'https://m.example/c', size: 5_000_000_000, duration: 1.5, classId: 7 },
  ...{ storageRegion: 'ap-chongqing', procedure: 'p', sourceContext: 's', sessionContext: 't' },
  ...{ limits: { maxBytes: 1, mediaTypes: ['mp4'] }, problem: { code: 'x' } },
  ...{ mediaExpireTime: Date.UTC(2030, 0), expiresAt: Date.UTC(2029, 0) },
} as const;

/** One event of each shape, about the upload or the file of this name. */
const SHAPES: Readonly<Record<string, (name: string) => Partial<EventRecord>>> = {
  'changes nothing': () => ({}),
  'names an application, an upload, a file, a task and a time': (name) => ({
    ...{ subAppId: 1_500_000_001, uploadId: `u-${name}`, fileId: `f-${name}`, taskId: 'task' },
    receivedAt: Date.UTC(2026, 1, 3, 4, 5, 6, 789),
  }),
  'is not confirmed': () => ({ confirmed: false }),
  'has every field of an upload': (name) => ({
    changes: [arrive(name, { fields: { ...ALL_FIELDS, fileId: `f-${name}` } })],
  }),
  'changes the upload of a file': (name) => ({ changes: [ready(name)] }),
  'is of a tenant': (name) => ({
    changes: [arrive(name, { fields: { subAppId: 7, fileId: `f-${name}` }, ofTenant: true })],
  }),
  'has characters that cannot be stored': (name) => ({
    payload: { 'a\0b': 'c\0d', half: '\ud800' },
    changes: [
      arrive(name, { fields: { fileId: `f-${name}`, name: 'a\0b\udfff', limits: { x: '\0' } } }),
    ],
  }),
  'has numbers that JSON has no form for': (name) => ({
    payload: { number: Number.POSITIVE_INFINITY },
    changes: [
      arrive(name, {
        fields: { fileId: `f-${name}`, size: Number.POSITIVE_INFINITY, duration: Number.NaN },
      }),
    ],
  }),
  'has actions alone': (name) => ({ actions: [act(`f-${name}`)] }),
  'has actions on the file of its upload, and on another': (name) => ({
    changes: [arrive(name)],
    actions: [act(`f-${name}`), act(`other-${name}`)],
  }),
  'removes its file': (name) => ({ changes: [arrive(name, { fact: 'rejected' })] }),
};

const UPLOAD = {
  ...{ method: 'client', owner: 'ann', state: 'uploaded' },
  ...{ createdAt: expect.any(Number), updatedAt: expect.any(Number) },
};

function arrive(name: string, more: Partial<UploadChange> = {}): UploadChange {
  const fields = { fileId: `f-${name}` };
  const key = { uploadId: `u-${name}` };
  return { key, fact: 'uploadedForProcessing', method: 'client', owner: 'ann', fields, ...more };
}

function ready(name: string): UploadChange {
  return { key: { fileId: `f-${name}` }, fact: 'processingSucceeded' };
}

function act(fileId: string) {
  return { fileId, kind: 'modify', uploadId: 'named', detail: { rule: 1 } } as const;
}

const TABLES = {
  uploads: 'upload_id',
  events: 'event_id',
  deliveries: 'event_id, endpoint',
  media_actions: 'file_id, kind',
};

/** Returns everything that the work leaves in the ledger and returns, without what differs from run to run. */
async function see(work: (ledger: Ledger) => Promise<unknown>): Promise<unknown> {
  await sql.unsafe(`truncate ${Object.keys(TABLES).join(', ')} cascade`);
  const result = await work(ledger);
  const found: Record<string, unknown> = {};
  for (const [table, key] of Object.entries(TABLES)) {
    found[table] = await sql.unsafe(
      `select to_jsonb(t) as row from ${table} t where not to_jsonb(t)::text like '%silent%' order by ${key}`,
    );
  }
  return JSON.parse(
    JSON.stringify({ result, found })
      .replaceAll(/"recorded_by":"[^"]+"/g, '"recorded_by":"one"')
      .replaceAll(/"recorded_in":"\d+"/g, '"recorded_in":"1"')
      // Times of this run; those of the shapes are of other years or have this one's milliseconds.
      .replaceAll(/"20\d\d-\d\d-\d\dT[^"]*"/g, (time) =>
        Date.now() - Date.parse(time.slice(1, -1)) < 60_000 ? '"now"' : time,
      )
      .replaceAll(/"(created|updated)At":\d+/g, '"$1At":0'),
  );
}

const silent = () => eventOf([], { eventId: 'silent', eventType: 'upload.silent' as never });

describe('an event that is recorded alone', () => {
  it.each(Object.entries(SHAPES))('and that %s leaves the same as in a batch', async (_, shape) => {
    const { changes = [], ...more } = shape('a');
    const event = eventOf(changes, { eventId: 'e', ...more });

    const alone = await see(async (each) => [await each.recordEvent(event)]);
    const inBatch = await see(async (each) =>
      (await each.recordEvents([event, silent()])).slice(0, 1),
    );

    expect(alone).toEqual(inBatch);
    expect(JSON.stringify(alone)).toContain('"event_id":"e"');
  });

  it.each(Object.entries(SHAPES))('and that %s changes nothing again', async (_, shape) => {
    const { changes = [], ...more } = shape('a');
    const event = eventOf(changes, { eventId: 'e', ...more });

    const once = await see((each) => each.recordEvent(event));
    const twice = await see(async (each) => {
      const first = await each.recordEvent(event);
      expect(await each.recordEvent(event)).toMatchObject({ fresh: false, deliveries: 0 });
      return first;
    });

    expect(twice).toEqual(once);
  });
});

/** Every set of up to two of the fields that an upload may have. */
const FIELD_SETS = Object.entries(ALL_FIELDS).flatMap((first, place, all) =>
  all.slice(place).map((second) => Object.fromEntries([first, second])),
);

describe('the statement for one event', () => {
  it('sets the fields that the event has, and no others, whatever these are', async () => {
    expect(FIELD_SETS.length).toBeGreaterThan(100);

    for (const [place, fields] of FIELD_SETS.entries()) {
      const key = { uploadId: `set-${place}` };
      const change = {
        key,
        fact: 'uploadedForProcessing',
        method: 'client',
        owner: 'ann',
      } as const;
      const record = (eventId: string, some: object) =>
        ledger.recordEvent(eventOf([{ ...change, fields: some }], { eventId }));

      const added = await record(`add-${place}`, fields);
      const merged = await record(`merge-${place}`, { name: 'another film' });

      expect(added.uploads).toEqual([{ ...UPLOAD, ...key, ...fields }]);
      expect(merged.uploads).toEqual([{ ...UPLOAD, ...key, ...fields, name: 'another film' }]);
      expect(await ledger.findUpload(key.uploadId)).toEqual(merged.uploads[0]);
    }
  });

  it('is one of a bounded number', async () => {
    // None are known yet.
    vi.resetModules();
    const { writeRecordStatement } = await import(
      '../../../../lib/ledger/recording/record-statement.ts'
    );
    const write = (fields: object) => {
      const change = writeChange({ key: { uploadId: 'u' }, fact: 'uploaded', fields });
      const kinds = { byUpload: true, byFile: false, ofTenant: false };
      const rows = { events: [{}], changes: [change], actions: [], kinds };
      return writeRecordStatement(rows, {
        time: 'now',
        recorder: 'r',
        targets: { list: [], text: null },
      })[0];
    };

    const statements = new Set(FIELD_SETS.map(write));

    expect(statements.size).toBeGreaterThan(1);
    expect(statements.size).toBeLessThan(40);
  });
});
