import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deriveFileUploadId } from '../../lib/model/upload-id.ts';
import { createChance } from '../support/chance.ts';
import { contextKeysOf, encodeContext } from '../support/source-contexts.ts';
import { useLedger } from '../support/use-ledger.ts';
import type { VodServer } from '../support/vod-server.ts';
import { type BuiltFunctions, buildFunctions, pickDeath } from './built-functions.ts';
import { type Consumer, startConsumer } from './consumer.ts';
import { SIGN_KEY, wrap } from './pushes.ts';
import { API_KEY, startVodApi } from './vod-api.ts';
import { createWorld, OWN, tellDeletion, tellNewFile } from './world.ts';

const SEED = 20_261_201;
const MINUTE = 60_000;
const realNow = Date.now;

/** The notifications about a file that no longer exists when VOD is asked. */
const TELLINGS = {
  both: ['arrival', 'deletion'],
  reversed: ['deletion', 'arrival'],
  'arrival alone': ['arrival'],
} as const;

/** A file that arrived and was deleted before either was reported. */
interface Film {
  readonly uploadId: string | undefined;
  readonly fileId: string;
  readonly told: readonly ('arrival' | 'deletion')[];
}

/** For apps' uploads every combination; for the console's, those that prove that the file existed. */
const FILMS: readonly Film[] = Array.from({ length: 32 }, (_, place) => {
  const number = String(place).padStart(8, '0');
  const isConsole = place >= 24;
  const tellings = isConsole
    ? [TELLINGS.both, TELLINGS.reversed]
    : [TELLINGS.both, TELLINGS.reversed, TELLINGS['arrival alone']];
  return {
    uploadId: isConsole ? undefined : `01K${'0'.repeat(15)}${number}`,
    fileId: `52858907${number}001`,
    told: tellings[place % tellings.length] ?? TELLINGS.both,
  };
});

describe('files that are deleted before their arrival is confirmed, while processes are killed', () => {
  const chance = createChance(SEED);
  const database = useLedger({ per: 'file' });
  const { ledger } = database;
  let api: VodServer;
  let consumer: Consumer;
  let functions: BuiltFunctions;

  const environment = () => ({
    DATABASE_URL: database.url,
    VOD_SECRET_ID: API_KEY.secretId,
    VOD_SECRET_KEY: API_KEY.secretKey,
    VOD_SUB_APP_ID: String(OWN),
    VOD_API_ENDPOINT: api.endpoint,
    VOD_API_PROTOCOL: 'http',
    WEBHOOK_LOOPBACK: 'allow',
    WEBHOOK_ENDPOINTS: JSON.stringify([{ url: consumer.url, secret: consumer.secret }]),
  });

  const sweep = async (ahead: number) => {
    // The consumer sometimes answers 410, which pauses its endpoint.
    for (const { endpoint } of await ledger.listEndpoints()) await ledger.resumeEndpoint(endpoint);
    const worker = functions.startWorker('sweep', {
      ...environment(),
      CLOCK_AHEAD_MILLISECONDS: String(ahead),
    });
    if (ahead > 0) vi.useFakeTimers({ toFake: ['Date'], now: realNow() + ahead });
    const Time = new Date(realNow() + ahead).toISOString();
    await worker.call({ Type: 'Timer', TriggerName: 'sweep', Time, Message: '' });
    await worker.stop();
  };

  /** Sends each notification as VOD does: again after the process was killed. */
  const pushAll = async () => {
    const worker = functions.startWorker('callback', {
      ...environment(),
      CALLBACK_SIGN_KEYS: SIGN_KEY,
    });
    for (const event of FILMS.flatMap(tellFilm)) {
      const call = wrap({ event, subAppId: OWN });
      const { kind } = await worker.call(call, pickDeath(chance, 0.3, 40));
      if (kind !== 'result') await worker.call(call);
    }
    await worker.stop();
  };

  beforeAll(async () => {
    api = await startVodApi(createWorld(), chance);
    consumer = await startConsumer('everything', chance);
    functions = await buildFunctions({});
    for (const { uploadId } of FILMS) {
      if (uploadId === undefined) continue;
      const fields = { expiresAt: Date.now() + 60 * MINUTE, subAppId: OWN };
      await ledger.issueUpload({ uploadId, method: 'client', owner: 'user-42', fields });
    }
    await pushAll();
    for (const minutes of [0, 2, 10, 30, 120, 360, 720]) await sweep(minutes * MINUTE);
  }, 600_000);
  afterAll(async () => {
    vi.useRealTimers();
    await Promise.all([api.close(), consumer.close(), functions.remove()]);
  });

  it('ends every upload of these files as deleted', async () => {
    const { items } = await ledger.listUploads({ limit: 100 });

    const found = items.map(({ uploadId, fileId, state }) => [uploadId, fileId, state]);
    expect(found.sort()).toEqual(
      FILMS.map(({ uploadId, fileId }) => [
        ...[uploadId ?? deriveFileUploadId(fileId), fileId, 'deleted'],
      ]).sort(),
    );
  });

  it('reports for each file its arrival once and its deletion once', () => {
    const told = [...consumer.acted.values()].map((text) => JSON.parse(text));
    const states = told.filter(
      ({ type }) => type.startsWith('upload.') && type !== 'upload.issued',
    );
    expect(states.map(({ type, data }) => [data.fileId, type]).sort()).toEqual(
      FILMS.flatMap(({ fileId }) => [
        [fileId, 'upload.deleted'],
        [fileId, 'upload.uploaded'],
      ]).sort(),
    );
    expect(told.filter(({ type }) => type === 'vod.NewFileUpload')).toHaveLength(FILMS.length);
    expect(consumer.contradictions).toEqual([]);
  });

  it('leaves no open upload, unconfirmed event, delivery or action', async () => {
    const { uploads, unconfirmed, deliveries, deadDeliveries, actions } =
      await ledger.readBacklog();
    expect([uploads, unconfirmed, deliveries, actions].map(({ count }) => count)).toEqual([
      ...[0, 0, 0, 0],
    ]);
    expect(deadDeliveries).toBe(0);
  });
});

function tellFilm(film: Film): readonly object[] {
  return film.told.map((kind) =>
    kind === 'arrival' ? tellNewFile(describeFilm(film), '') : tellDeletion(film.fileId),
  );
}

function describeFilm({ uploadId, fileId }: Film) {
  const context =
    uploadId === undefined
      ? ''
      : encodeContext({ uploadId, owner: 'user-42', method: 'client' }, undefined, {
          keys: contextKeysOf(API_KEY.secretKey),
          subAppId: OWN,
        });
  return {
    FileId: fileId,
    BasicInfo: { Name: 'film', SourceInfo: { SourceType: 'Upload', SourceContext: context } },
    MetaData: { Size: 10, Duration: 1.5 },
  };
}
