import { randomInt, randomUUID } from 'node:crypto';
import { createPullRoute } from '../../functions/pull.ts';
import { createSignatureRoute } from '../../functions/signature.ts';
import { createUploadsRoute } from '../../functions/uploads.ts';
import { readPullConfig } from '../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { readUploadsConfig } from '../../lib/config/uploads-config.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { deriveUploadId } from '../../lib/model/upload-id.ts';
import { UPLOAD_FACTS } from '../../lib/model/upload-state.ts';
import { createDurablePulls } from '../../lib/pulls/durable.ts';
import { accept } from '../functions/pull-stage.ts';
import { askRoute } from '../support/http-events.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { TEST_JWT_SECRET } from '../support/tokens.ts';
import { eventOf } from '../support/use-ledger.ts';

/** Regions that the application of the tests has opened. */
export const OPENED = ['ap-seoul', 'ap-singapore', 'ap-guangzhou-2'];

const ENVIRONMENT = {
  AUTH_JWT_SECRET: TEST_JWT_SECRET,
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'secret-key-example',
};

/**
 * Returns the functions over one database, in front of a VOD that accepts every pull.
 *
 * @param quiet has no targets, so that thousands of uploads do not become thousands of deliveries, which are counted in
 * later tests.
 */
export function openFunctions(ledger: Ledger, quiet: Ledger) {
  const over =
    (chosen: Ledger) =>
    <Result>(work: (each: Ledger) => Promise<Result>) =>
      work(chosen);
  const settings = NO_SETTINGS;
  const now = Date.now;
  const pullConfig = readPullConfig(ENVIRONMENT);
  return {
    signature: askRoute(
      'signature',
      createSignatureRoute({
        ...{ config: readSignatureConfig(ENVIRONMENT), settings, clock: Date },
        ...{ random: { integer: randomInt }, ledger: over(quiet) },
      }),
    ),
    pull: askRoute(
      'pull',
      createPullRoute({
        ...{
          config: pullConfig,
          settings,
          clock: { now },
          random: { integer: randomInt, key: randomUUID },
        },
        ledger: over(quiet),
        store: createDurablePulls({
          ...{
            clock: { now },
            random: { integer: randomInt, key: randomUUID },
            ledger: over(quiet),
          },
          ...{ contextKey: pullConfig.contextKey, sentAtOnce: pullConfig.vodApi.pullsPerSecond },
        }),
        api: {
          pullUpload: accept,
          describeTaskDetail: async () => ({}),
          describeStorageRegions: async () => ({
            StorageRegionInfos: OPENED.map((Region) => ({ Region, Status: 'opened' })),
          }),
        },
      }),
    ),
    uploads: askRoute(
      'uploads',
      createUploadsRoute({
        ...{
          config: readUploadsConfig(ENVIRONMENT),
          settings,
          clock: { now },
          ledger: over(ledger),
        },
      }),
    ),
  };
}

/** The caller of the tests, and another one. */
export const OWNER = 'ann';
const OTHERS = 'bob';

/** Ids of uploads of each fact, of the caller and of others. */
export const UPLOAD_IDS = [OWNER, OTHERS].flatMap((owner) =>
  UPLOAD_FACTS.map((fact) => deriveUploadId(owner, fact)),
);

/** Runs of the caller: one that stays open, one whose items are attempted again, and one that ends. */
export const RUN_IDS = {
  open: deriveUploadId(OWNER, 'run-open'),
  retried: deriveUploadId(OWNER, 'run-retried'),
  ended: deriveUploadId(OWNER, 'run-ended'),
};

async function fillRuns(ledger: Ledger): Promise<void> {
  const runs = await ledger.pullRuns();
  for (const [name, runId] of Object.entries(RUN_IDS)) {
    await runs.openRun({ runId, owner: OWNER, subAppId: undefined, name });
    const items = UPLOAD_IDS.map((uploadId, index) => ({
      ...{ id: `film-${index}`, uploadId: deriveUploadId(OWNER, `${name}-${index}`) },
      request: { mediaUrl: `https://media.example.com/${uploadId}.mp4` },
    }));
    await runs.addItems(runId, items, { retry: false });
    const problem = { code: 'policy_denied', detail: 'The policy does not allow it.' };
    await runs.refuseItems(
      runId,
      items.slice(0, 2).map((item) => ({ ...item, problem })),
    );
  }
}

/** Fills a ledger with an upload of each kind, with events, deliveries, items that were set aside, and runs. */
export async function fillLedger(ledger: Ledger): Promise<void> {
  for (const [index, uploadId] of UPLOAD_IDS.entries()) {
    const fact = UPLOAD_FACTS[index % UPLOAD_FACTS.length] ?? 'issued';
    const owner = index < UPLOAD_FACTS.length ? OWNER : OTHERS;
    const method = index % 2 === 0 ? 'client' : 'pull';
    const fields = {
      ...{ subAppId: 1_500_000_001, classId: 7, procedure: 'LongVideoPreset' },
      ...{ storageRegion: 'ap-seoul', sourceContext: 'mine', sessionContext: 'theirs' },
      ...{ limits: { maxBytes: 5, mediaTypes: ['mp4'] }, expiresAt: Date.now() + 3_600_000 },
      mediaExpireTime: Date.UTC(2099),
    };
    await ledger.issueUpload({ uploadId, method, owner, fields });
    const fileId = `file-${index}`;
    const problem = { code: 'pull_failed', detail: 'VOD could not fetch it.' };
    const found = { fileId, name: 'film', size: 5, duration: 1.5, mediaUrl: 'https://a.example/f' };
    await ledger.recordEvent(
      eventOf([{ key: { uploadId }, fact, fields: { ...found, problem } }], { fileId }),
    );
    await ledger.countItemFailure(
      { kind: 'upload', id: uploadId, code: '22003', reason: 'Refused.' },
      1,
    );
  }
  await ledger.recordEvent(
    eventOf([{ key: { fileId: 'console-1' }, fact: 'uploaded', method: 'console' }]),
  );
  await fillRuns(ledger);
}
