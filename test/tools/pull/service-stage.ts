import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach } from 'vitest';
import { lazyLedger } from '../../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import { openPull } from '../../functions/pull-stage.ts';
import { captureLog } from '../../support/capture-log.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { bearer, TEST_JWT_SECRET } from '../../support/tokens.ts';
import { useLedger } from '../../support/use-ledger.ts';

/** The function `pull` over HTTP, with a ledger, and VOD behind it. */
export interface ServiceStage {
  readonly ledger: Ledger;
  /** Variables of the command. */
  variables(): Promise<Readonly<Record<string, string>>>;
  /** Requests that have come. */
  readonly requests: string[];
  /** Called with each request before it is answered. */
  onRequest: (request: string) => void;
  /** Has VOD fetch everything that is queued; those of which `fails` is true fail. Returns the URLs that it was sent. */
  fetchQueued(fails?: (url: string) => boolean): Promise<readonly string[]>;
  /** Makes the next requests fail with this status. */
  breakNext(count: number, status?: number): void;
}

/** Gives each test a service of its own. */
export function useService(): ServiceStage {
  const database = useLedger();
  captureLog();
  const { ledger } = database;
  const requests: string[] = [];
  let listening: Listening;
  let broken: number[] = [];

  beforeEach(async () => {
    requests.length = 0;
    broken = [];
    const own = database.open();
    const call = openPull({
      environment: { AUTH: 'jwt', AUTH_JWT_SECRET: TEST_JWT_SECRET },
      ...{ settings: NO_SETTINGS, clock: Date, ledger: lazyLedger(async () => own) },
    });
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      const { method = 'GET', headers } = request;
      const body = await text(request);
      const url = new URL(request.url ?? '/', 'http://localhost');
      requests.push(`${method} ${url.pathname}`);
      stage.onRequest(`${method} ${url.pathname}`);
      const status = broken.shift();
      if (status !== undefined) {
        response.writeHead(status).end();
        return;
      }
      const { authorization = '' } = headers;
      const answered = await call({
        ...{ method, path: url.pathname, headers: { authorization } },
        ...{ query: Object.fromEntries(url.searchParams), ...(body === '' ? {} : { body }) },
      });
      response.writeHead(answered.statusCode, { ...answered.headers }).end(answered.body);
    };
    listening = await listen(
      createServer((request, response) => {
        answer(request, response).catch(() => response.destroy());
      }),
    );
  });
  afterEach(() => listening.close());

  const stage: ServiceStage = {
    ...{ ledger, requests, onRequest: () => undefined },
    async variables() {
      const { authorization } = await bearer('ann', 'upload:pull', Date.now());
      const token = authorization.replace('Bearer ', '');
      return { VOD_UPLOAD_ENDPOINT: listening.origin, VOD_UPLOAD_TOKEN: token };
    },
    breakNext(count, status = 503) {
      broken = Array.from({ length: count }, () => status);
    },
    fetchQueued: (fails = () => false) => fetchQueued(ledger, fails),
  };
  return stage;
}

async function fetchQueued(
  ledger: Ledger,
  fails: (url: string) => boolean,
): Promise<readonly string[]> {
  const urls: string[] = [];
  for (;;) {
    const claims = await ledger.claimPulls(500, 60);
    if (claims.length === 0) return urls;
    for (const claim of claims) {
      const url = String(claim.request['MediaUrl']);
      urls.push(url);
      const { uploadId } = claim;
      await ledger.finishPull(claim, `task-${uploadId}`);
      if (fails(url)) {
        const problem = {
          code: 'pull_failed',
          detail: 'VOD could not fetch it.',
          vodErrCode: 60000,
        };
        await ledger.transition(uploadId, 'pullFailed', { problem });
      } else {
        const fields = {
          fileId: randomUUID(),
          mediaUrl: `http://vod.example.com/${uploadId}.mp4`,
          size: 1_000,
          duration: 5,
        };
        await ledger.transition(uploadId, 'uploaded', fields);
      }
    }
  }
}
