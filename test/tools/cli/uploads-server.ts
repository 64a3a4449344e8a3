import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach } from 'vitest';
import { createUploadsRoute } from '../../../functions/uploads.ts';
import { readUploadsConfig } from '../../../lib/config/uploads-config.ts';
import { lazyLedger } from '../../../lib/ledger/lazy-ledger.ts';
import { deriveUploadId } from '../../../lib/model/upload-id.ts';
import { captureLog } from '../../support/capture-log.ts';
import { askRoute } from '../../support/http-events.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { mintToken, TEST_JWT_SECRET } from '../../support/tokens.ts';
import { type LedgerStage, useLedger } from '../../support/use-ledger.ts';
import { type Outcome, runCommand } from './cli-stage.ts';

type RunOptions = NonNullable<Parameters<typeof runCommand>[2]>;

/** Returns the id of one of the test's uploads. */
export const id = (name: string) => deriveUploadId('test', name);

/** The `uploads` function over HTTP, with a ledger of each test, and a folder in which commands run. */
export interface UploadsServer {
  readonly ledger: LedgerStage['ledger'];
  readonly sql: LedgerStage['sql'];
  readonly origin: string;
  readonly folder: string;
  /** Statuses with which the next requests are answered instead. */
  readonly failures: number[];
  /** Issues an upload. */
  issue(name: string, owner?: string): Promise<unknown>;
  /** Runs a command with a token of `ann` with this scope; null is no token. */
  run(args: readonly string[], options?: RunOptions & { scope?: string | null }): Promise<Outcome>;
}

/** Gives each test of the file a server of its own. */
export function useUploadsServer(targets: readonly string[] = []): UploadsServer {
  const { ledger, sql } = useLedger({
    targets: targets.map((name) => ({ id: name, events: ['*'] })),
  });
  captureLog();
  const failures: number[] = [];
  let folder: string;
  let server: Listening;
  beforeEach(async () => {
    failures.length = 0;
    folder = await mkdtemp(join(tmpdir(), 'vod-upload-cli-'));
    const answer = createAnswer(ledger);
    server = await listen(
      createServer((request, response) => {
        const failure = failures.shift();
        if (failure !== undefined) response.writeHead(failure).end();
        else answer(request, response).catch(() => response.destroy());
      }),
    );
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  return {
    ...{ ledger, sql, failures },
    get origin() {
      return server.origin;
    },
    get folder() {
      return folder;
    },
    issue: (name, owner = 'ann') =>
      ledger.issueUpload({ uploadId: id(name), method: 'client', owner }),
    async run(args, { scope = ADMIN, ...options } = {}) {
      const token = scope === null ? {} : { VOD_UPLOAD_TOKEN: await tokenOf(scope) };
      const environment = { ...token, XDG_STATE_HOME: join(folder, 'state') };
      const where = args.includes('--uploads-url') ? [] : ['--uploads-url', server.origin];
      return runCommand([...args, ...where], environment, { folder, ...options });
    },
  };
}

const ADMIN = 'upload:read upload:cancel upload:admin';

function tokenOf(scope: string): Promise<string> {
  return mintToken({ sub: 'ann', scope, exp: Math.floor(Date.now() / 1_000) + 600 });
}

function createAnswer(ledger: LedgerStage['ledger']) {
  const route = createUploadsRoute({
    ...{ config: readUploadsConfig({ AUTH_JWT_SECRET: TEST_JWT_SECRET }), clock: Date },
    ...{ settings: NO_SETTINGS, ledger: lazyLedger(async () => ledger) },
  });
  const ask = askRoute('uploads', route);
  return async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname: path, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const answer = await ask({
      ...{ method: String(request.method), path, query: Object.fromEntries(searchParams) },
      headers: { authorization: String(request.headers.authorization) },
      body: await text(request),
    });
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  };
}
