import { randomUUID } from 'node:crypto';
import type { FetchCover } from '../../../lib/actions/fetch-cover.ts';
import { type SettlingDependencies, settleAction } from '../../../lib/actions/settle-action.ts';
import type { NewMediaAction } from '../../../lib/ledger/jobs/actions.ts';
import { type Ledger, openLedger } from '../../../lib/ledger/ledger.ts';
import type { TimelineLedger } from '../../../lib/ledger/uploads/timeline.ts';
import type { Attempt } from '../../../lib/model/attempt.ts';
import type { Upload } from '../../../lib/model/upload.ts';
import type { UploadFact } from '../../../lib/model/upload-state.ts';
import { Problem } from '../../../lib/problem.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { connectVod } from '../../support/connect-vod.ts';
import { LENGTHLESS } from '../../support/lengthless-media.ts';
import { perTest } from '../../support/per-test.ts';
import { eventOf, type TestDatabases, useDatabases } from '../../support/use-ledger.ts';
import { type ApiStage, openApiStage } from '../../tools/local/emulator/api/api-stage.ts';
import { openSourceServer } from '../../tools/local/emulator/pull/source-server.ts';

const LEASE_SECONDS = 60;

/** A minute, in milliseconds; as long as the lease of a claimed action. */
export const MINUTE = LEASE_SECONDS * 1_000;

/** Id of the stage's upload. */
export const UPLOAD_ID = '01ARYZ6S410000000000000000';

/** Result of an action that was carried out. */
export const DONE = { kind: 'done' };

/** Half a megabyte that is not media, whatever its file name says. */
export const EXECUTABLE = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(512 * 1024, 7)]);

/** The emulator, a ledger and what performs actions. */
export interface ActionStage {
  readonly vod: ApiStage;
  readonly ledger: Ledger;
  readonly api: VodApi;
  /** Names of the API's actions that were called, in order. */
  readonly calls: readonly string[];
  /** Unix milliseconds of the ledger's clock. */
  readonly now: () => number;
  /** Moves that clock by the given number of milliseconds. */
  pass(milliseconds: number): void;
  /** Has VOD pull a file and returns its id: a tone of two seconds, an executable, or a film without a length. */
  makeMedia(kind?: keyof typeof SOURCES, sourceContext?: string): Promise<string>;
  /** Records `fact` for an upload of that file, with these media actions to perform. */
  arrive(
    fileId: string,
    fact: UploadFact,
    ...actions: readonly Omit<NewMediaAction, 'fileId'>[]
  ): Promise<void>;
  /** Performs all actions that are due and returns the result of each; calls of `api` replace those of the stage's. */
  settle(
    change?: Partial<Omit<SettlingDependencies, 'api'>> & { readonly api?: Partial<VodApi> },
  ): Promise<readonly Attempt[]>;
  /** Returns the upload of the stage. */
  upload(): Promise<Upload | undefined>;
  /** Returns the media actions of that upload. */
  actions(): ReturnType<TimelineLedger['listActions']>;
  /** Returns all media of VOD. */
  media(): ReturnType<ReturnType<ApiStage['emulator']>['media']>;
  close(): Promise<void>;
}

const SOURCES = {
  tone: 'http://samples.example.com/tone.wav',
  executable: 'http://files.example.com/video.mp4',
  lengthless: 'http://files.example.com/recording.webm',
} as const;

/** Returns a call of VOD whose answer is lost after it was carried out. */
export const losing =
  <Input extends readonly unknown[]>(call: (...input: Input) => Promise<unknown>) =>
  async (...input: Input): Promise<never> => {
    await call(...input);
    throw new Problem('Lost.', { code: 'upstream_timeout' });
  };

/** Refuses every cover. */
const fetchNothing: FetchCover = async () => ({ kind: 'refused', error: 'cover_no_image' });

/** Gives each test of the file a stage of its own. */
export function useActionStage(): ActionStage {
  const databases = useDatabases();
  return perTest(() => openActionStage(databases));
}

/** Opens a stage on a database of its own. */
async function openActionStage(databases: TestDatabases): Promise<ActionStage> {
  const source = await openSourceServer(({ url }, outgoing) => {
    const bytes = url === '/recording.webm' ? LENGTHLESS.webm : EXECUTABLE;
    outgoing.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': bytes.length,
    });
    outgoing.end(bytes);
  });
  const vod = await openApiStage({ pull: { resolve: { 'files.example.com': source.origin } } });
  const { secretId, secretKey } = vod.account;
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const ledger = openLedger(await databases.create(), {
    clock: { now },
    random: { key: randomUUID },
  });
  const calls: string[] = [];
  const api = countCalls(connectVod(vod.host, { credentials: { secretId, secretKey } }), calls);
  const settle: ActionStage['settle'] = async ({ api: calls, ...change } = {}) => {
    const settled: Attempt[] = [];
    const deadline = { left: () => 60_000 };
    const dependencies = {
      api: { ...api, ...calls },
      ledger,
      clock: { now },
      deadline,
      fetchCover: fetchNothing,
    };
    for (const claim of await ledger.claimActions(99, LEASE_SECONDS)) {
      const each = { ...dependencies, random: { fraction: () => 0.5 }, ...change };
      settled.push(await settleAction(claim, each));
    }
    return settled;
  };
  return {
    ...{ vod, ledger, api, calls, now, settle },
    upload: () => ledger.findUpload(UPLOAD_ID),
    actions: async () => (await ledger.timeline()).listActions(UPLOAD_ID),
    media: () => vod.emulator().media(),
    pass(milliseconds) {
      ahead += milliseconds;
    },
    async makeMedia(kind = 'tone', SourceContext = '') {
      const ended = vod.next(({ type }) => type === 'media');
      const MediaUrl = SOURCES[kind];
      await vod.client.PullUpload({ MediaUrl, SourceContext });
      await ended;
      return vod.emulator().media().at(-1)?.fileId ?? '';
    },
    async arrive(fileId, fact, ...actions) {
      const change = { key: { uploadId: UPLOAD_ID }, owner: 'ann', fact, fields: { fileId } };
      const asked = actions.map((action) => ({ ...action, fileId }));
      await ledger.recordEvent(eventOf([{ ...change, method: 'client' }], { actions: asked }));
    },
    async close() {
      await Promise.all([ledger.close(), vod.close(), source.close()]);
    },
  };
}

function countCalls(api: VodApi, calls: string[]): VodApi {
  const count =
    <Input extends readonly unknown[], Output>(name: string, call: (...input: Input) => Output) =>
    (...input: Input): Output => {
      calls.push(name);
      return call(...input);
    };
  return {
    ...api,
    deleteMedia: count('DeleteMedia', api.deleteMedia),
    modifyMediaInfo: count('ModifyMediaInfo', api.modifyMediaInfo),
    processMediaByProcedure: count('ProcessMediaByProcedure', api.processMediaByProcedure),
  };
}
