import connectPostgres from 'postgres';
import type { WithLedger } from '../../lib/ledger/lazy-ledger.ts';
import { deriveSignKey } from '../../lib/signing/secrets.ts';
import { defined } from '../../lib/validation/json-object.ts';
import type { RawEvent } from '../../lib/vod/event.ts';
import { localAccount } from '../../tools/local/emulator/account.ts';
import { openSweepStage, type SweepStage, TONE } from '../lib/sweep/sweep-stage.ts';
import {
  type Consumer,
  createSecret,
  endpointOf,
  startConsumer,
} from '../lib/webhooks/consumer.ts';
import { perTest } from '../support/per-test.ts';
import { settingsOf } from '../support/settings.ts';
import { signCallback } from '../support/sign-callback.ts';
import { type TestDatabases, useDatabases } from '../support/use-ledger.ts';
import { messagesOf, openCallback } from './callback-stage.ts';

/** The service's own application and those of its tenants. */
export const OWN = localAccount().subAppId;
export const ACME = 1_500_000_002;
export const GLOBEX = 1_500_000_003;
export const APPLICATIONS = [OWN, ACME, GLOBEX] as const;

const SETTINGS = settingsOf({
  policy: { tenants: { claim: 'org', subAppIds: { acme: ACME, globex: GLOBEX } } },
});

/** Keys that VOD signs with, one per application. */
const { signKey: SIGN_KEY } = localAccount();
const OTHER_SIGN_KEYS = Object.fromEntries(
  [ACME, GLOBEX].map((subAppId) => [subAppId, deriveSignKey(SIGN_KEY, subAppId)]),
);

/** Returns what VOD adds to a notification of an application. */
export function signFor(subAppId: number): ReturnType<typeof signCallback> {
  const { [subAppId]: key = SIGN_KEY } = OTHER_SIGN_KEYS;
  return signCallback(key, Math.floor(Date.now() / 1_000) + 600);
}

/** A notification as VOD sent it, with its genuine `Sign` and `T`. */
export interface Captured {
  readonly subAppId: number;
  readonly fileId: string;
  readonly body: RawEvent;
}

/** The function `callback` in front of a VOD with several applications. */
export interface ApplicationsStage {
  readonly sweeper: SweepStage;
  readonly consumer: Consumer;
  /** The function with a ledger and without one. */
  readonly kept: Ask;
  readonly unkept: Ask;
  /** Has an application pull a file with a task flow; returns the notifications that its address received. */
  captureLife(
    subAppId: number,
    request?: object,
  ): Promise<readonly [pulled: Captured, ...others: Captured[]]>;
  /** Deletes the file of a notification in its application; returns the notification of the deletion. */
  captureDeletion(of: Captured): Promise<Captured>;
  /** Changes all records as if they were older than applications in the ledger. */
  forgetApplications(): Promise<void>;
  /** Returns all rows of the ledger, and the number of sent messages. */
  readAll(): Promise<object>;
  /** Returns the sent messages. */
  told(): readonly { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[];
  sweep(): ReturnType<SweepStage['sweep']>;
  close(): Promise<void>;
}

/** Sends a request to the function. */
type Ask = ReturnType<typeof openCallback>;

/** Gives each test of the file a stage of its own, without notifications so far. */
export function useApplicationsStage(): ApplicationsStage {
  const databases = useDatabases();
  return perTest(() => openApplicationsStage(databases));
}

/** Opens a stage without notifications so far. */
async function openApplicationsStage(databases: TestDatabases): Promise<ApplicationsStage> {
  const consumer = await startConsumer((response) => response.end());
  const sweeper = await openSweepStage(databases, {
    endpoints: [endpointOf(consumer.url, createSecret())],
    emulator: {
      account: {
        ...localAccount(),
        otherSubAppIds: [ACME, GLOBEX],
        otherSignKeys: OTHER_SIGN_KEYS,
      },
    },
  });
  const open = (ledger?: WithLedger) =>
    openCallback({
      ...{ signKeys: [SIGN_KEY], subAppId: OWN, settings: SETTINGS, ledger },
      ...{ api: sweeper.api, targets: sweeper.targets },
    });
  const sql = connectPostgres(sweeper.databaseUrl, { max: 1 });
  const { client, receiver } = sweeper.vod;

  const captureNext = async (): Promise<Captured> => {
    const { body, target } = await receiver.next();
    const named = new URL(target, receiver.url).searchParams.get('subAppId');
    const { PullCompleteEvent, ProcedureStateChangeEvent, FileDeleteEvent } = body;
    const task = Object(PullCompleteEvent ?? ProcedureStateChangeEvent ?? FileDeleteEvent);
    const fileId = String(task.FileId ?? task.FileIdSet);
    return { subAppId: named === null ? OWN : Number(named), fileId, body };
  };
  return {
    ...{ sweeper, consumer },
    kept: open((work) => work(sweeper.ledger)),
    unkept: open(),
    async captureLife(SubAppId, request = {}) {
      await client.PullUpload({
        MediaUrl: TONE,
        SubAppId,
        Procedure: 'LongVideoPreset',
        ...request,
      });
      const pulled = await captureNext();
      const { Sign, T } = pulled.body;
      // VOD also reports the arrival of a pulled file, from the component that finds it.
      const FileUploadEvent = { FileId: pulled.fileId };
      const body = { EventType: 'NewFileUpload', FileUploadEvent, Sign, T };
      return [pulled, await captureNext(), { ...pulled, body }];
    },
    async captureDeletion({ fileId, subAppId }) {
      await client.DeleteMedia({ FileId: fileId, SubAppId: subAppId });
      return captureNext();
    },
    async forgetApplications() {
      await sql`update uploads set sub_app_id = null`;
      await sql`update events set sub_app_id = null`;
    },
    readAll: async () => ({
      uploads: await sql`select * from uploads order by upload_id`,
      events: await sql`select * from events order by event_id`,
      deliveries: await sql`select * from deliveries order by event_id, endpoint`,
      unconfirmed: await sql`select * from unconfirmed_events order by event_id`,
      actions: await sql`select * from media_actions order by file_id, kind`,
      told: consumer.received.length,
    }),
    told: () => messagesOf(consumer),
    sweep: () => sweeper.sweep({ applications: APPLICATIONS, settings: SETTINGS }),
    async close() {
      await sql.end();
      await Promise.all([sweeper.close(), consumer.close()]);
    },
  };
}

/** Sends a notification to an address with `named`, or without it if undefined; returns the status. */
export async function notify(ask: Ask, body: object, named?: unknown): Promise<number> {
  return (await ask({ query: defined({ subAppId: named }), body })).statusCode;
}

/**
 * Sends it to the address of an application, by default the one to which VOD sent it. For another application it has
 * that one's valid `Sign`, as from an attacker who has seen the notifications of both.
 */
export function notifyOf(ask: Ask, { body, subAppId }: Captured, to = subAppId): Promise<number> {
  const sent = to === subAppId ? body : { ...body, ...signFor(to) };
  return notify(ask, sent, to === OWN ? undefined : String(to));
}
