import { afterEach, vi } from 'vitest';
import { createCallbackRoute } from '../../functions/callback.ts';
import { createCoverFetcher } from '../../lib/actions/fetch-cover.ts';
import type { IngestDependencies } from '../../lib/ingest/ingest.ts';
import type { LogFields } from '../../lib/runtime/invocation.ts';
import type { RawEvent } from '../../lib/vod/event.ts';
import { type Consumer, createSecret, startConsumer } from '../lib/webhooks/consumer.ts';
import { type CapturedLog, captureLog } from '../support/capture-log.ts';
import { askHandler, askRoute, SCF_CONTEXT } from '../support/http-events.ts';
import { type KnownVod, startKnownVod } from '../support/known-vod.ts';
import { perTest } from '../support/per-test.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { signCallback } from '../support/sign-callback.ts';
import { CONTEXTS, encodeContext } from '../support/source-contexts.ts';

/** The default key of signed notifications. */
export const SIGN_KEY = 'SignKeyNew1';

export const UPLOAD_ID = '01ARYZ6S410000000000000000';

/** A file from a client as VOD describes it. */
export const MEDIA = {
  FileId: '5285890700000000042',
  BasicInfo: {
    Name: 'holiday',
    SourceInfo: {
      SourceType: 'Upload',
      SourceContext: encodeContext(
        { uploadId: UPLOAD_ID, owner: 'user-42', method: 'client' },
        'mine',
      ),
    },
  },
  MetaData: { Size: 10, Duration: 1.5 },
};

/** Returns VOD's notification of an arrival. */
export const arrivalOf = (FileId: string): RawEvent => ({
  EventType: 'NewFileUpload',
  FileUploadEvent: { FileId },
});

/** The arrival of {@link MEDIA}. */
export const ARRIVAL = arrivalOf(MEDIA.FileId);

/** An unconfirmable event. */
export const CAST: RawEvent = {
  EventType: 'MediaCastStatusChanged',
  MediaCastStatusChangedEvent: { CastId: 'cast-1', Status: 'Working' },
};

/** How the route differs from one with {@link SIGN_KEY} and no ledger, targets or settings. */
type RouteChange = Partial<Omit<IngestDependencies, 'config' | 'api'>> &
  Pick<IngestDependencies, 'api'> &
  Partial<IngestDependencies['config']> & { readonly subAppId?: number };

/** Returns a function that calls the route, with more time than in the cloud. */
export function openCallback({
  signKeys = [SIGN_KEY],
  sharedKeyUntil,
  subAppId,
  ...change
}: RouteChange) {
  const route = createCallbackRoute({
    config: { signKeys, sharedKeyUntil, contexts: CONTEXTS, vodApi: { subAppId } },
    ...{ ledger: undefined, targets: [], settings: NO_SETTINGS, fetchCover: createCoverFetcher() },
    ...{ clock: { now: Date.now, monotonic: () => 0 }, random: { fraction: () => 0 } },
    ...change,
  });
  return askRoute('callback', route);
}

/** Returns a notification as VOD sends it, signed with `key` for ten minutes from `now`, Unix milliseconds. */
export const signed = (event: RawEvent, key = SIGN_KEY, now = Date.now()): RawEvent => ({
  ...event,
  ...signCallback(key, Math.floor(now / 1_000) + 600),
});

/** A consumer that answers with a status, by default 200. */
export interface MoodyConsumer extends Consumer {
  status: number;
}

/** Gives each test of the file a consumer of its own. */
export function useConsumer(): MoodyConsumer {
  return perTest(
    async () => {
      const consumer: MoodyConsumer = {
        ...(await startConsumer((response) => response.writeHead(consumer.status).end())),
        status: 200,
      };
      return consumer;
    },
    (consumer) => consumer.close(),
  );
}

/** Returns the messages that a consumer has received. */
export const messagesOf = ({ received }: Consumer) => received.map(({ body }) => JSON.parse(body));

/** The answer of the function and its log line. */
export interface Notified {
  readonly statusCode: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly log: LogFields;
}

/** The function, a VOD without media and a consumer, all new for each test. */
export interface CallbackStage {
  readonly log: CapturedLog;
  readonly vod: KnownVod;
  readonly consumer: MoodyConsumer;
  /** Loads a new instance with additional variables; returns a function that sends it a signed notification. */
  load(
    environment?: Readonly<Record<string, string>>,
  ): Promise<(body: RawEvent) => Promise<Notified>>;
}

/** Lets the tests of the file load the function; `media` is what VOD has. */
export function useCallback(...media: readonly { readonly FileId: string }[]): CallbackStage {
  const log = captureLog();
  const consumer = useConsumer();
  const vod = perTest(
    async () => {
      const opened = await startKnownVod();
      for (const each of media) opened.media.set(each.FileId, each);
      return opened;
    },
    (opened) => opened.close(),
  );
  afterEach(() => void vi.unstubAllEnvs());
  return {
    ...{ log, vod, consumer },
    load: (environment) => {
      stubCallback(vod, consumer, environment);
      return loadCallback(log);
    },
  };
}

/** Sets the variables of a function for this VOD and this consumer. */
export function stubCallback(
  { endpoint }: KnownVod,
  { url }: Consumer,
  environment: Readonly<Record<string, string>> = {},
): void {
  const variables = {
    CALLBACK_SIGN_KEYS: SIGN_KEY,
    VOD_SECRET_ID: 'AKIDexample',
    VOD_SECRET_KEY: 'secret-key-example',
    VOD_API_ENDPOINT: endpoint,
    VOD_API_PROTOCOL: 'http',
    WEBHOOK_LOOPBACK: 'allow',
    WEBHOOK_ENDPOINTS: JSON.stringify([{ url, secret: createSecret() }]),
    ...environment,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

/** Returns whether a line is the one that a call ends with; stored notifications have lines of their own. */
export const isLast = ({ milliseconds }: LogFields) => milliseconds !== undefined;

async function loadCallback(log: CapturedLog) {
  vi.resetModules();
  const { main_handler } = await import('../../functions/callback.ts');
  const ask = askHandler(main_handler);
  let calls = 0;
  return async (event: RawEvent) => {
    calls += 1;
    const requestId = `call-${calls}`;
    const context = {
      ...SCF_CONTEXT,
      request_id: requestId,
      getRemainingTimeInMillis: () => 10_000,
    };
    const { statusCode, json } = await ask({ body: signed(event) }, context);
    const ofCall = log.lines.filter((written) => written.requestId === requestId);
    return { statusCode, json, log: ofCall.find(isLast) ?? {} };
  };
}
