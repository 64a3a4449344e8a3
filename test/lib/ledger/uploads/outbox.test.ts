import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import type { EventRecord, RecordedEvent } from '../../../../lib/ledger/recording/event-record.ts';
import type { UploadChange } from '../../../../lib/ledger/uploads/upload-row.ts';
import {
  advanceUpload,
  UPLOAD_FACTS,
  type UploadFact,
  type UploadState,
} from '../../../../lib/model/upload-state.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
const TARGETS = [{ id: 'https://a.example', events: ['upload.*'] }];
let time: number;
const { ledger, sql, open } = useLedger({ clock: { now: () => time }, targets: TARGETS });

beforeEach(() => {
  time = START;
});

const event = (eventId: string, ...changes: UploadChange[]) => eventOf(changes, { eventId });

const tell = (uploadId: string, fact: UploadFact, fileId?: string): UploadChange => ({
  ...{ key: { uploadId }, fact, method: 'client', owner: 'ann', fields: { fileId } },
});

async function readAnnounced(): Promise<readonly string[]> {
  const rows = await sql`select event_id from events where event_type like 'upload.%'
    order by received_at, event_id`;
  return rows.map((row) => String(row['event_id']));
}

const readActions = async () =>
  (await ledger.claimActions(99, 0)).map(({ fileId, kind, uploadId }) => ({
    fileId,
    kind,
    uploadId,
  }));

describe('the messages of an upload', () => {
  it('report every state that it reaches, with its data at that time', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    time += 1_000;
    await ledger.recordEvent(event('e1', tell('u1', 'uploadedForProcessing', 'f1')));
    time += 1_000;
    await ledger.transition('u1', 'processingSucceeded', { duration: 1.5, size: 2 ** 40 });
    const claims = await ledger.claimDeliveries(9, 60, 9);

    expect(
      claims.map(({ event: { eventId, eventType, receivedAt } }) => [
        eventId,
        eventType,
        receivedAt,
      ]),
    ).toEqual([
      ['evt_u1_issued', 'upload.issued', START],
      ['evt_u1_uploaded', 'upload.uploaded', START + 1_000],
      ['evt_u1_ready', 'upload.ready', START + 2_000],
    ]);
    expect(claims.map(({ event: told }) => told.kind === 'upload' && told.upload)).toEqual([
      expect.objectContaining({ uploadId: 'u1', state: 'issued', updatedAt: START }),
      expect.objectContaining({ uploadId: 'u1', state: 'uploaded', fileId: 'f1' }),
      await ledger.findUpload('u1'),
    ]);
  });

  it('report the arrival and deletion of a file that was known before the upload', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    await ledger.recordEvent(event('e1', { key: { fileId: 'f1' }, fact: 'processingStarted' }));
    await ledger.recordEvent(event('e2', { key: { fileId: 'f1' }, fact: 'deleted' }));
    const known = await readAnnounced();
    await ledger.recordEvent(event('e3', tell('u1', 'uploadedForProcessing', 'f1')));

    expect((await readAnnounced()).filter((id) => !known.includes(id)).toSorted()).toEqual([
      'evt_u1_deleted',
      'evt_u1_uploaded',
    ]);
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'deleted', fileId: 'f1' });
    const due = await ledger.claimDeliveries(9, 60, 9);
    expect(due.map(({ event: { eventId } }) => eventId)).toEqual(
      expect.arrayContaining(['evt_u1_deleted', 'evt_u1_uploaded']),
    );
  });

  it('report nothing if the state does not change', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    const [first, second] = await ledger.recordEvents([
      event('e1', tell('u1', 'processingStarted', 'f1')),
      event('e2', tell('u1', 'uploadedForProcessing', 'f1')),
    ]);

    expect([first?.announced, second?.announced]).toEqual([['evt_u1_processing'], []]);
    expect(await ledger.transition('none', 'cancelled')).toBeUndefined();
    expect(await readAnnounced()).toEqual(['evt_u1_issued', 'evt_u1_processing']);
  });

  it('report every reached state once, for any facts in any grouping', async () => {
    const facts = fc.array(fc.constantFrom(...UPLOAD_FACTS), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(facts, fc.boolean(), async (told, together) => {
        const uploadId = randomUUID();
        const events = told.map((fact) => event(randomUUID(), tell(uploadId, fact)));
        if (together) await ledger.recordEvents(events);
        else for (const each of events) await ledger.recordEvent(each);

        const reached = new Set<UploadState>();
        const end = told.reduce<UploadState>((state, fact) => {
          const next = advanceUpload(state, fact);
          reached.add(next);
          return next;
        }, 'issued');
        expect(await ledger.findUpload(uploadId)).toMatchObject({ state: end });
        const listed = await (await ledger.timeline()).listEvents(uploadId);
        const announced = listed.filter(({ eventType }) => eventType.startsWith('upload.'));
        expect(announced.map(({ eventId }) => eventId).toSorted()).toEqual(
          [...reached].map((state) => `evt_${uploadId}_${state}`).toSorted(),
        );
        expect(announced.every(({ deliveries }) => deliveries.length === 1)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('report that a pull is queued or failed', async () => {
    await ledger.enqueuePulls(
      [1, 2].map((i) => ({ uploadId: `p${i}`, owner: 'ann', request: {} })),
    );
    const [claim] = await ledger.claimPulls(1, 60);
    if (claim !== undefined) await ledger.failPull(claim, { code: 'upstream_rejected' });
    expect(await readAnnounced()).toEqual(['evt_p1_failed', 'evt_p1_issued', 'evt_p2_issued']);
    expect((await ledger.readBacklog()).deliveries.count).toBe(3);
  });

  it('report each state once for concurrent changes', async () => {
    const facts = ['uploadedForProcessing', 'processingStarted', 'processingSucceeded'] as const;
    const work = Array.from({ length: 12 }, (_, i) =>
      open().recordEvent(event(`e${i}`, tell('u1', facts[i % 3] ?? 'issued', 'f1'))),
    );
    const results = await Promise.all(work);
    const announced = results.flatMap((result) => result.announced);

    expect(announced.toSorted()).toEqual((await readAnnounced()).toSorted());
    expect(announced).toContain('evt_u1_ready');
    expect((await ledger.readBacklog()).deliveries.count).toBe(announced.length);
  });
});

describe('file removal', () => {
  it.each(['cancelled', 'rejected', 'expired'] as const)(
    'deletes the file that arrives for an upload that is %s, once',
    async (fact) => {
      await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
      await ledger.transition('u1', fact);
      expect(await readActions()).toEqual([]);

      await ledger.recordEvent(event('e1', tell('u1', 'uploadedForProcessing', 'f1')));
      await ledger.recordEvent(event('e2', { key: { fileId: 'f1' }, fact: 'processingSucceeded' }));
      expect(await ledger.findUpload('u1')).toMatchObject({ state: fact, fileId: 'f1' });
      expect(await readActions()).toEqual([{ fileId: 'f1', kind: 'delete', uploadId: 'u1' }]);
    },
  );

  it('deletes the file of an upload that is rejected after its arrival', async () => {
    await ledger.recordEvent(event('e1', tell('u1', 'uploaded', 'f1')));
    expect(await readActions()).toEqual([]);
    await ledger.transition('u1', 'rejected', { problem: { code: 'too_large' } });
    await ledger.transition('u1', 'rejected');
    expect(await readActions()).toEqual([{ fileId: 'f1', kind: 'delete', uploadId: 'u1' }]);
  });

  it('deletes a file that was known before its cancelled upload', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    await ledger.transition('u1', 'cancelled');
    await ledger.recordEvent(event('e1', { key: { fileId: 'f1' }, fact: 'processingSucceeded' }));
    await ledger.recordEvent(event('e2', tell('u1', 'uploaded', 'f1')));
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'cancelled', fileId: 'f1' });
    expect(await readActions()).toEqual([{ fileId: 'f1', kind: 'delete', uploadId: 'u1' }]);
  });

  it('deletes a second file of an upload, known before or not, and not the first', async () => {
    await ledger.recordEvent(event('e1', tell('u1', 'uploaded', 'f1')));
    await ledger.recordEvent(event('e2', { key: { fileId: 'f3' }, fact: 'processingStarted' }));
    await ledger.recordEvents([
      event('e3', tell('u1', 'uploaded', 'f2')),
      event('e4', tell('u2', 'uploaded', 'f4')),
      event('e5', tell('u1', 'uploaded', 'f3')),
      event('e6', tell('u1', 'uploaded', 'f2')),
    ]);
    expect((await readActions()).toSorted((a, b) => a.fileId.localeCompare(b.fileId))).toEqual([
      { fileId: 'f2', kind: 'delete', uploadId: 'u1' },
      { fileId: 'f3', kind: 'delete', uploadId: 'u1' },
    ]);
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'ready', fileId: 'f1' });
  });

  it('never deletes a file of another upload, or one that is already gone', async () => {
    await ledger.recordEvent(event('e1', tell('u1', 'uploaded', 'f1')));
    await ledger.recordEvent(event('e2', tell('u2', 'uploaded', 'f2')));
    await ledger.recordEvent(event('e3', tell('u2', 'uploaded', 'f1')));
    await ledger.recordEvent(event('e4', tell('u2', 'deleted', 'f9')));
    expect(await readActions()).toEqual([]);
  });

  it('keeps a file that was known before if another file is merged in the same batch', async () => {
    await ledger.recordEvent(event('e1', tell('u1', 'uploaded', 'f1')));
    const [kept] = (
      await ledger.recordEvent(event('e2', { key: { fileId: 'f2' }, fact: 'uploaded' }))
    ).uploads;
    await ledger.recordEvent(event('e3', { key: { fileId: 'f3' }, fact: 'uploaded' }));
    await ledger.recordEvents([
      event('e4', tell('u1', 'uploaded', 'f2')),
      event('e5', tell('u3', 'uploaded', 'f3')),
    ]);
    expect(await ledger.findUpload(kept?.uploadId ?? '')).toMatchObject({ fileId: 'f2' });
    expect(await ledger.findUpload('u3')).toMatchObject({ fileId: 'f3' });
  });
});

describe('recording while connections are closed', () => {
  it('loses nothing and repeats nothing', async () => {
    // One connection at a time, at random times, seldom enough that some calls succeed.
    const killOne = () => sql`select pg_sleep(random() * 0.2), (
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'vod-upload' and datname = current_database() order by random() limit 1
      )`;
    const lives = Array.from({ length: 120 }, (_, i) => [
      event(`a${i}`, tell(`u${i}`, 'uploadedForProcessing', `f${i}`)),
      event(`b${i}`, {
        key: { fileId: `f${i}` },
        fact: i % 3 === 0 ? 'rejected' : 'processingSucceeded',
      }),
    ]);
    // VOD sends a failed callback again.
    const deliver = async (each: Ledger, told: readonly EventRecord[]) => {
      for (;;) {
        try {
          return await each.recordEvents(told);
        } catch {
          // As above.
        }
      }
    };
    let isDone = false;
    let kills = 0;
    const killer = (async () => {
      while (!isDone) {
        await killOne();
        kills += 1;
      }
    })();
    const results = await Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        const each = open();
        const own = lives.filter((_, i) => i % 4 === lane);
        const told: RecordedEvent[] = [];
        for (const life of own) told.push(...(await deliver(each, life)));
        return told;
      }),
    );
    isDone = true;
    await killer;

    const announced = await readAnnounced();
    const states = (state: string) => announced.filter((id) => id.endsWith(`_${state}`)).length;
    expect([states('uploaded'), states('ready'), states('rejected')]).toEqual([120, 80, 40]);
    expect(announced).toHaveLength(240);
    const [row] =
      await sql`select count(*)::integer as events, (select count(*)::integer from deliveries) as deliveries,
      (select count(*)::integer from media_actions) as actions from events`;
    expect(row).toEqual({ events: 480, deliveries: 240, actions: 40 });
    expect(results.flat()).toHaveLength(240);
    expect(kills).toBeGreaterThan(0);
  });

  it('rolls back a change if its messages cannot be written', async () => {
    await ledger.issueUpload({
      uploadId: 'u1',
      method: 'client',
      owner: 'ann',
      fields: { fileId: 'f1' },
    });
    await sql`alter table media_actions add constraint broken check (file_id <> 'f1')`;

    // https://www.postgresql.org/docs/current/errcodes-appendix.html: check_violation.
    const refused = { code: '23514', cause: { constraint_name: 'broken' } };
    await expect(ledger.transition('u1', 'cancelled')).rejects.toMatchObject(refused);
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'issued' });
    expect(await readAnnounced()).toEqual(['evt_u1_issued']);
    expect((await ledger.readBacklog()).deliveries.count).toBe(1);
  });
});
