import { beforeEach } from 'vitest';
import { createUploadsRoute, type UploadsDependencies } from '../../functions/uploads.ts';
import { readUploadsConfig } from '../../lib/config/uploads-config.ts';
import { lazyLedger } from '../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { deriveUploadId } from '../../lib/model/upload-id.ts';
import { type CapturedLog, captureLog } from '../support/capture-log.ts';
import {
  askRoute,
  type EventShape,
  SCF_CONTEXT,
  type TestRequest,
} from '../support/http-events.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { type LedgerStage, useLedger } from '../support/use-ledger.ts';

/** The time when a test begins. */
export const NOW = Date.UTC(2026, 10, 22, 8);
/** The scopes of a caller with uploads of their own. */
export const READ = 'upload:read upload:cancel';
/** The scopes of an administrator. */
export const ADMIN = `${READ} upload:admin`;

const TARGETS = [
  { id: 'orders', events: ['*'] },
  { id: 'audit', events: ['vod.*'] },
];

/** Returns the id of one of the test's uploads; all are of the form that callers are given. */
export const id = (name: string) => deriveUploadId('test', name);

type Caller = {
  readonly owner?: string;
  readonly scope?: string;
  /** The platform's; by default it leaves little time. */
  readonly context?: object;
};
type Ask = (
  method: string,
  path: string,
  request?: TestRequest & Caller,
) => ReturnType<ReturnType<typeof askRoute>>;

/** The function `uploads` over a ledger of each test. */
export interface UploadsStage extends Pick<LedgerStage, 'url' | 'ledger' | 'sql' | 'open'> {
  readonly log: CapturedLog;
  /** Asks the function, as `ann` with the scopes {@link READ} where nothing else is said. */
  readonly ask: Ask;
  /** Unix milliseconds of the clock of function and ledger. */
  now(): number;
  /** Moves that clock. */
  pass(milliseconds: number): void;
  /** Issues an upload; the next one is a second younger. */
  issue(name: string, owner?: string, method?: 'client' | 'pull'): Promise<void>;
  /** Loads the function otherwise: behind another trigger, with another environment, or another ledger or none. */
  load(change: {
    readonly toEvent?: EventShape['toEvent'];
    readonly environment?: Readonly<Record<string, string>>;
    readonly ledger?: Ledger | undefined;
    readonly readProgress?: UploadsDependencies['readProgress'];
  }): Ask;
}

/** Gives each test of the file a ledger with two webhooks, `orders` and `audit`, and the function over it. */
export function useUploads(): UploadsStage {
  let time = NOW;
  let ask: Ask;
  const now = () => time;
  const database = useLedger({ clock: { now }, targets: TARGETS });
  const { ledger, sql } = database;
  const log = captureLog();

  const load: UploadsStage['load'] = (change) => {
    const { readProgress } = change;
    const { toEvent, environment, ledger: chosen } = { ...DEFAULTS, ledger, ...change };
    const route = createUploadsRoute({
      ...{ settings: NO_SETTINGS, config: readUploadsConfig(environment), clock: { now } },
      ledger: chosen && lazyLedger(async () => chosen),
      readProgress,
    });
    const asked = askRoute('uploads', route, toEvent);
    return async (
      method,
      path,
      { owner = 'ann', scope = READ, context = SCF_CONTEXT, ...request } = {},
    ) => {
      const { authorization } = await bearer(owner, scope, time);
      const headers = { authorization, ...request.headers };
      return asked({ ...request, method, path, headers }, context);
    };
  };
  beforeEach(() => {
    time = NOW;
    ask = load({});
  });
  return {
    ...{ ledger, sql, log, now, load },
    open: (change) => database.open(change),
    get url() {
      return database.url;
    },
    ask: (...request) => ask(...request),
    pass(milliseconds) {
      time += milliseconds;
    },
    async issue(name, owner = 'ann', method = 'client') {
      await ledger.issueUpload({ uploadId: id(name), method, owner });
      time += 1_000;
    },
  };
}

const DEFAULTS = { toEvent: undefined, environment: { AUTH_JWT_SECRET: TEST_JWT_SECRET } };
