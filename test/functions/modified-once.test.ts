import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BuiltFunctions, buildFunctions, type Worker } from '../chaos/built-functions.ts';
import { type CarriedOut, type LossyProxy, startLossyProxy } from '../support/lossy-proxy.ts';
import { signCallback } from '../support/sign-callback.ts';
import { useLedger } from '../support/use-ledger.ts';
import { type ApiStage, openApiStage } from '../tools/local/emulator/api/api-stage.ts';

const SIGN_KEY = 'SignKeyExample';
/** Longer than the lease of an action whose sweep was killed. */
const LEASE_SECONDS = 200;
const FOR_EVER = '9999-12-31T23:59:59Z';
const RULES = [
  {
    name: 'all',
    set: { classId: 7, expireTime: '2099-01-01T00:00:00Z', tags: ['new', 'raw'] },
  },
];

const database = useLedger();
const { ledger } = database;
let functions: BuiltFunctions;
let vod: ApiStage;
let proxy: LossyProxy;
let loses: (call: CarriedOut) => boolean | Promise<boolean>;
let worker: Worker;
/** Seconds that the test's clock is ahead of real time. */
let ahead: number;
let fileId: string;

beforeAll(async () => {
  functions = await buildFunctions({ rules: RULES });
});
afterAll(() => functions.remove());
beforeEach(async () => {
  ahead = 0;
  loses = () => false;
  vod = await openApiStage();
  proxy = await startLossyProxy(vod.host, (call) => loses(call));
  fileId = await makeMedia();
  passSeconds(20);
});
afterEach(async () => {
  await Promise.all([worker?.stop(), proxy.close()]);
  await vod.close();
});

async function makeMedia(): Promise<string> {
  const { arrivals } = vod.emulator();
  const made = await arrivals.uploadFromConsole({
    ...{ name: 'film', type: 'mp4', seconds: 5, classId: 0, procedure: null },
  });
  return made.fileId;
}

function passSeconds(seconds: number): void {
  ahead += seconds;
  vod.passSeconds(seconds);
}

function environment(): Record<string, string> {
  const { secretId, secretKey } = vod.account;
  return {
    ...{ VOD_SECRET_ID: secretId, VOD_SECRET_KEY: secretKey },
    ...{ VOD_API_ENDPOINT: proxy.endpoint, VOD_API_PROTOCOL: 'http' },
    CLOCK_AHEAD_MILLISECONDS: String(ahead * 1_000),
  };
}

/** Fires the timer, in a process of its own. */
async function sweep(): Promise<void> {
  worker = functions.startWorker('sweep', { ...environment(), DATABASE_URL: database.url });
  await worker.call({ Type: 'Timer', TriggerName: 'sweep', Time: '', Message: 'now' });
  await worker.stop();
}

/** Kills the process after VOD's answer, before it can process that. */
function killAfter(parameter: string): void {
  let isAlive = true;
  loses = async ({ action, parameters }) => {
    const dies = isAlive && action === 'ModifyMediaInfo' && parameter in parameters;
    if (!dies) return false;
    isAlive = false;
    await worker.stop();
    return true;
  };
}

const media = () => vod.emulator().media()[0];
const changesOf = (parameter: string) =>
  proxy.calls.filter(
    ({ action, parameters }) => action === 'ModifyMediaInfo' && parameter in parameters,
  );
const settled = async () =>
  (await (await ledger.timeline()).listActions(await uploadOf())).map(({ kind, state }) => [
    kind,
    state,
  ]);
const uploadOf = async () => (await ledger.listUploads({ limit: 1 })).items[0]?.uploadId ?? '';

type Change = [
  name: string,
  parameter: string,
  change: Omit<Parameters<ApiStage['client']['ModifyMediaInfo']>[0], 'FileId'>,
  left: object,
];

/** Changes that a person makes to media, in the console or with another program. */
const CHANGES = [
  ['another class', 'ClassId', { ClassId: 8 }, { classId: 8 }],
  ['no class', 'ClassId', { ClassId: 0 }, { classId: 0 }],
  [
    'another expiry',
    'ExpireTime',
    { ExpireTime: '2050-01-01T00:00:00Z' },
    { expireTime: '2050-01-01T00:00:00Z' },
  ],
  ['no expiry', 'ExpireTime', { ExpireTime: FOR_EVER }, { expireTime: FOR_EVER }],
  ['one tag less', 'AddTags', { DeleteTags: ['raw'] }, { tags: ['new'] }],
  ['no tags', 'AddTags', { ClearTags: 1 }, { tags: [] }],
] satisfies readonly Change[];

describe('sweep that is killed after VOD has modified media', () => {
  it.each(CHANGES)(
    'keeps what a person has changed since: %s',
    async (...[, name, change, left]) => {
      killAfter(name);
      await sweep();
      expect(changesOf(name)).toHaveLength(1);
      passSeconds(20);
      await vod.client.ModifyMediaInfo({ FileId: fileId, ...change });
      passSeconds(LEASE_SECONDS);
      await sweep();

      expect(media()).toMatchObject(left);
      expect(changesOf(name)).toHaveLength(1);
      expect(await settled()).toEqual([['modify', 'done']]);
    },
  );

  it('sets the other fields, and records them in the upload', async () => {
    killAfter('ExpireTime');
    await sweep();
    passSeconds(LEASE_SECONDS);
    await sweep();

    expect(media()).toMatchObject({
      ...{ classId: 7, tags: ['new', 'raw'], expireTime: '2099-01-01T00:00:00Z' },
    });
    expect(await ledger.findUpload(await uploadOf())).toMatchObject({
      ...{ classId: 7, mediaExpireTime: Date.UTC(2099, 0, 1) },
    });
    expect(['ExpireTime', 'ClassId', 'AddTags'].map((name) => changesOf(name).length)).toEqual([
      ...[1, 1, 1],
    ]);
    expect(await settled()).toEqual([['modify', 'done']]);
  });

  it('recognizes by itself that a change was made if only the answer was lost', async () => {
    loses = ({ action }) => action === 'ModifyMediaInfo';
    await sweep();

    expect(['ExpireTime', 'ClassId', 'AddTags'].map((name) => changesOf(name).length)).toEqual([
      ...[1, 1, 1],
    ]);
    expect(await settled()).toEqual([['modify', 'done']]);
  });
});

describe('callback without a database', () => {
  const notify = async () => {
    worker = functions.startWorker('callback', {
      ...environment(),
      CALLBACK_SIGN_KEYS: SIGN_KEY,
    });
    const T = Math.floor(Date.now() / 1_000) + ahead + 600;
    const body = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: fileId } };
    const outcome = await worker.call({
      ...{ httpMethod: 'POST', path: '/', headers: {}, queryString: {} },
      body: JSON.stringify({ ...body, ...signCallback(SIGN_KEY, T) }),
    });
    await worker.stop();
    return outcome.kind;
  };

  it.each([
    ['another class', 'ClassId', { ClassId: 8 }, { classId: 8 }],
    [
      'another expiry',
      'ExpireTime',
      { ExpireTime: '2050-01-01T00:00:00Z' },
      { expireTime: '2050-01-01T00:00:00Z' },
    ],
    ['one tag less', 'AddTags', { DeleteTags: ['raw'] }, { tags: ['new'] }],
  ] satisfies readonly Change[])(
    'keeps what a person has changed before VOD sends the event again: %s',
    async (...[, name, change, left]) => {
      killAfter(name);
      expect(await notify()).toBe('exit');
      await vod.client.ModifyMediaInfo({ FileId: fileId, ...change });
      expect(await notify()).toBe('result');

      expect(media()).toMatchObject(left);
      expect(changesOf(name)).toHaveLength(1);
    },
  );
});
