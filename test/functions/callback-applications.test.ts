import { describe, expect, it } from 'vitest';
import { deriveFileUploadId } from '../../lib/model/upload-id.ts';
import { captureLog } from '../support/capture-log.ts';
import { encodeContext } from '../support/source-contexts.ts';
import {
  ACME,
  APPLICATIONS,
  type Captured,
  GLOBEX,
  notify,
  notifyOf,
  OWN,
  signFor,
  useApplicationsStage,
} from './applications-stage.ts';

const UPLOAD_ID = '01ARYZ6S410000000000000000';

/** Values that are no valid address of an application and not empty. */
const WRONG_NAMES: readonly unknown[] = [
  ...['', ' ', '0', '-1', 'NaN', 'Infinity', 'null', 'undefined', '__proto__', '1.5e9'],
  ...['01500000002', ' 1500000002', '+1500000002', '1500000002.0', '0x59682f02', '1500000002n'],
  ...['1500000004', '9'.repeat(400), '1500000002,1500000003', '1500000002&subAppId=1500000003'],
  ...[ACME, OWN, Number.MAX_VALUE, true, null, {}, { 0: `${ACME}` }],
  ...[
    { toString: 1, valueOf: 1 },
    [],
    [`${ACME}`],
    [`${ACME}`, `${ACME}`],
    [`${ACME}`, `${GLOBEX}`],
    [`${OWN}`],
  ],
];

const stage = useApplicationsStage();
captureLog();

const othersThan = (subAppId: number) => APPLICATIONS.filter((other) => other !== subAppId);

/** Returns the state of an upload that is known by its file alone. */
const stateOf = async ({ fileId, subAppId }: Captured) =>
  (await stage.sweeper.ledger.findUpload(deriveFileUploadId(fileId, tenantOf(subAppId))))?.state;
const tenantOf = (subAppId: number) => (subAppId === OWN ? undefined : subAppId);

/** Has an application pull a file and sends all notifications of it; returns the arrival. */
async function live(subAppId: number): Promise<Captured> {
  const captured = await stage.captureLife(subAppId);
  for (const each of captured) expect(await notifyOf(stage.kept, each)).toBe(200);
  return captured[0];
}

/** A deletion of any files, with the genuine `Sign` and `T` of another notification. */
const claimDeletion = ({ body: { Sign, T } }: Captured, FileIdSet: readonly string[]) => ({
  ...{ EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet }, Sign, T },
});

describe('a notification of an application', () => {
  it('is accepted, and delivered with its application', async () => {
    for (const subAppId of APPLICATIONS) {
      const arrival = await live(subAppId);

      expect(arrival.subAppId).toBe(subAppId);
      expect(await stateOf(arrival)).toBe('ready');
      const news = stage.told().filter((one) => JSON.stringify(one).includes(arrival.fileId));
      const said = news.map(({ data }) => data['SubAppId'] ?? data['subAppId']);
      expect(said.length).toBeGreaterThan(2);
      expect(new Set(said)).toEqual(new Set([subAppId]));
    }
  });

  it('is not accepted for another application', async () => {
    const captured: Captured[] = [];
    for (const subAppId of APPLICATIONS) captured.push(...(await stage.captureLife(subAppId)));
    const lie = async () => {
      const before = await stage.readAll();
      for (const each of captured) {
        for (const other of othersThan(each.subAppId)) {
          expect(await notifyOf(stage.kept, each, other)).toBe(401);
          expect(await notifyOf(stage.unkept, each, other)).toBe(401);
        }
      }
      expect(await stage.readAll()).toEqual(before);
    };

    await lie();
    for (const each of captured) await notifyOf(stage.kept, each);
    await lie();
    for (const each of captured) expect(await stateOf(each)).toBe('ready');
  });

  it('is refused from an address of no known application', async () => {
    const captured = [...(await stage.captureLife(OWN)), ...(await stage.captureLife(ACME))];
    const before = await stage.readAll();
    const send = async ({ body }: Captured, handler: typeof stage.kept, name: unknown) => ({
      name,
      status: await notify(handler, { ...body, ...signFor(OWN) }, name),
      // A caller without a valid signature does not learn which applications exist.
      unproven: await notify(handler, { ...body, Sign: '' }, name),
      others: await notify(handler, { ...body, ...signFor(ACME) }, name),
    });

    for (const name of WRONG_NAMES) {
      for (const each of captured) {
        const refused = { name, status: 400, unproven: 401, others: 401 };
        expect(await send(each, stage.kept, name)).toEqual(refused);
        expect(await send(each, stage.unkept, name)).toEqual(refused);
      }
    }

    expect(await stage.readAll()).toEqual(before);
  });
});

describe('the Sign of an application', () => {
  it('proves no deletion and no unconfirmable event of another application', async () => {
    const victim = await live(ACME);
    const { body } = await stage.captureDeletion(victim);
    const { Sign, T } = await live(GLOBEX).then((each) => each.body);
    const before = await stage.readAll();

    const cast = { EventType: 'MediaCastStatusChanged', MediaCastStatusChangedEvent: {} };
    for (const forged of [body, cast]) {
      expect(await notify(stage.kept, { ...forged, Sign, T }, String(ACME))).toBe(401);
      expect(await notify(stage.kept, { ...forged, Sign, T })).toBe(401);
    }

    expect(await stage.readAll()).toEqual(before);
  });
});

describe('a file that another application does not have', () => {
  it('is not deleted, and no message reports that', async () => {
    const arrivals: Captured[] = [];
    for (const subAppId of APPLICATIONS) arrivals.push(await live(subAppId));
    const before = await stage.readAll();

    for (const arrival of arrivals) {
      for (const other of othersThan(arrival.subAppId)) {
        const forged = { ...arrival, body: claimDeletion(arrival, [arrival.fileId]) };
        expect(await notifyOf(stage.kept, forged, other)).toBe(200);
      }
    }

    expect(await stage.readAll()).toEqual(before);
  });

  it('is not deleted together with a file that the other application had', async () => {
    const kept = await live(ACME);
    const gone = await live(GLOBEX);
    const { body } = await stage.captureDeletion(gone);
    const both = claimDeletion({ ...gone, body }, [kept.fileId, gone.fileId]);

    expect(await notify(stage.kept, both, String(GLOBEX))).toBe(200);

    expect([await stateOf(kept), await stateOf(gone)]).toEqual(['ready', 'deleted']);
    const deletions = stage.told().filter(({ type }) => type === 'vod.FileDeleted');
    expect(JSON.stringify(deletions)).toContain(gone.fileId);
    expect(JSON.stringify(deletions)).not.toContain(kept.fileId);
  });

  it('is not deleted if it is older than applications in the ledger', async () => {
    const arrival = await live(OWN);
    await stage.forgetApplications();
    const forged = { ...arrival, body: claimDeletion(arrival, [arrival.fileId]) };
    const before = await stage.readAll();

    expect(await notifyOf(stage.kept, forged, ACME)).toBe(200);

    expect(await stage.readAll()).toEqual(before);
    expect(await notifyOf(stage.kept, await stage.captureDeletion(arrival))).toBe(200);
    expect(await stateOf(arrival)).toBe('deleted');
  });

  it('without a ledger is reported as an unconfirmed event, different from the true one', async () => {
    const [arrival] = await stage.captureLife(ACME);
    const forged = { ...arrival, body: claimDeletion(arrival, [arrival.fileId]) };

    expect(await notifyOf(stage.unkept, forged, GLOBEX)).toBe(200);
    expect(await notifyOf(stage.unkept, await stage.captureDeletion(arrival))).toBe(200);

    expect(stage.told()).toMatchObject([
      { type: 'vod.FileDeleted', data: { SubAppId: GLOBEX, confirmed: false } },
      { type: 'vod.FileDeleted', data: { SubAppId: ACME } },
    ]);
    const ids = stage.consumer.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('a notification that was first sent in the name of another application', () => {
  it('is not treated as a repetition if it cannot be confirmed', async () => {
    const [{ body }] = await stage.captureLife(ACME);
    const { Sign, T } = body;
    const MediaCastStatusChangedEvent = { CastId: 'cast-1', Status: 'Working' };
    const cast = { EventType: 'MediaCastStatusChanged', MediaCastStatusChangedEvent, Sign, T };

    for (const other of othersThan(ACME)) {
      await notify(stage.kept, { ...cast, ...signFor(other) }, String(other));
    }
    expect(await notify(stage.kept, cast, String(ACME))).toBe(200);
    expect(await notify(stage.kept, cast, String(ACME))).toBe(200);

    const said = stage.told().map(({ data }) => data['SubAppId']);
    expect(said).toEqual([...othersThan(ACME), ACME]);
  });

  it('is not treated as a repetition while VOD is not available', async () => {
    const captured = await stage.captureLife(ACME);
    stage.sweeper.vod.faults.arm('internal-error', 10_000);
    for (const to of [OWN, GLOBEX, ACME]) {
      for (const each of captured) expect(await notifyOf(stage.kept, each, to)).toBe(200);
    }
    stage.sweeper.vod.faults.clear();

    const { steps } = await stage.sweep();

    expect(steps['unconfirmed']).toMatchObject({ confirmed: 3, denied: 6 });
    for (const each of captured) expect(await stateOf(each)).toBe('ready');
  });
});

describe('an upload that the envelope of another application names', () => {
  it('does not change, and the file counts as one of another program', async () => {
    const { ledger, vod } = stage.sweeper;
    const envelope = { uploadId: UPLOAD_ID, owner: 'user-42', method: 'pull' } as const;
    const SourceContext = encodeContext(envelope, undefined, { subAppId: ACME });
    await ledger.issueUpload({ ...envelope, fields: { subAppId: ACME } });
    const steal = async (SessionId: string) => {
      const before = await ledger.findUpload(UPLOAD_ID);
      for (const each of await stage.captureLife(GLOBEX, { SourceContext, SessionId })) {
        expect(await notifyOf(stage.kept, each)).toBe(200);
      }
      expect(await ledger.findUpload(UPLOAD_ID)).toEqual(before);
    };

    await steal('before its file');
    const own = await stage.captureLife(ACME, { SourceContext });
    for (const each of own) expect(await notifyOf(stage.kept, each)).toBe(200);
    await steal('after its file');
    const { steps } = await stage.sweep();

    expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({ state: 'ready', subAppId: ACME });
    expect(steps['actions']).toMatchObject({ done: 0, dead: 0, failed: 0 });
    expect(vod.emulator().media()).toHaveLength(3);
    const { items } = await ledger.listUploads({ limit: 10, subAppId: GLOBEX });
    expect(items).toMatchObject([
      { method: 'other', sourceContext: SourceContext },
      { method: 'other', sourceContext: SourceContext },
    ]);
    const news = stage.told().filter(({ data }) => data['uploadId'] === UPLOAD_ID);
    expect(news.map(({ data }) => data['subAppId'])).toEqual(news.map(() => ACME));
  });
});
