import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { APPLICATION_PARAMETER } from '../../../lib/policy/applications.ts';
import { type Account, type Applications, accountOf } from './account.ts';
import { createApiHandler } from './api/handler.ts';
import type { ApiServices } from './api/services.ts';
import { type ApplicationSettings, openApplication } from './application.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { type Clock, createClock } from './clock.ts';
import type { CloudRequest } from './cloud-request.ts';
import { countExpired, type Expired } from './expired.ts';
import type { SourceOptions } from './pull/open-source.ts';
import { openSampleServer, SAMPLE_HOST } from './pull/sample-server.ts';
import { type AccountState, type Media, openState } from './state.ts';
import { serveMedia } from './storage/media-answer.ts';
import { openObjects } from './storage/object-files.ts';
import type { SpeedLimit } from './storage/speed-limit.ts';
import { createStorageHandler } from './storage/storage-handler.ts';
import { answerCors, answerJson } from './ugc/answers.ts';
import { bucketOf } from './ugc/dependencies.ts';
import { createUgcHandler } from './ugc/handler.ts';

/** Options of the emulator; its `serveMedia` serves the media. */
export interface EmulatorOptions extends ApplicationSettings {
  /** Directory of its state and of the uploaded files, created if it does not exist. */
  readonly dir: string;
  readonly account: Account;
  readonly speed: SpeedLimit;
  /** One that cannot be moved by default. */
  readonly clock?: Clock;
}

/** The local emulator for VOD: its client upload, its storage, its API and its events. */
export interface Emulator {
  /** Answers a request to one of the cloud's hosts; never rejects. */
  handle(request: CloudRequest): Promise<void>;
  /** Answers a GET of an uploaded file; `path` is what follows `/media/`, still percent-encoded. */
  serveMedia(path: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  /** The ways in which media arrive without a program of the developer. */
  readonly arrivals: Arrivals;
  /** The invented host names of sources on this machine, with the origins that they stand for. */
  readonly publicNames: Readonly<Record<string, string>>;
  /** The newest 100 media of all applications, oldest first. */
  media(): readonly Media[];
  /** How many media there are. */
  mediaCount(): number;
  /** What a user should know about how the state was opened; undefined if there is nothing to say. */
  readonly notice: string | undefined;
  /** The time by the emulator's clock. */
  now(): Date;
  /** Returns what expired after `from`, up to and including `to`. */
  expired(from: Date, to: Date): Expired;
  /** Interrupts running work; it continues when the same directory is opened again. */
  close(): Promise<void>;
}

type Side = 'ugc' | 'storage' | 'report' | 'api';

const STORAGE_HOST = /^[a-z0-9-]+\.cos\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn)$/;
/** Hosts of the API: the main one, the international site's, and those of single regions. */
const API_HOST = /^vod(?:\.[a-z0-9-]+)?\.tencentcloudapi\.com$/;
const HOSTS = {
  api: ['vod.tencentcloudapi.com', 'vod.<region>.tencentcloudapi.com'],
  ugc: ['vod2.qcloud.com', 'vod2.dnsv1.com'],
  report: ['vodreport.qcloud.com'],
  storage: ['<bucket>.cos.<region>.myqcloud.com', '<bucket>.cos.<region>.tencentcos.cn'],
} as const;

/** The domains of all these hosts, which certificates for them need. */
export const CLOUD_DOMAINS = [
  ...['tencentcloudapi.com', 'qcloud.com', 'dnsv1.com', 'myqcloud.com', 'tencentcos.cn'],
] as const;

/** Media in a list for people. SearchMedia finds all. */
const MAX_LISTED = 100;

const FORWARD_HEADER = 'vod-forward-cos';

function findSide(host: string): Side | undefined {
  if (HOSTS.ugc.some((known) => known === host)) return 'ugc';
  if (HOSTS.report.some((known) => known === host)) return 'report';
  if (API_HOST.test(host)) return 'api';
  return STORAGE_HOST.test(host) ? 'storage' : undefined;
}

/** Returns whether `host`, in lower case and without port, is a host of the cloud that is emulated. */
export function isCloudHost(host: string): boolean {
  return findSide(host) !== undefined;
}

/**
 * Returns the request that the storage receives if the upload host was asked to forward it, as the vendor's SDK for mini
 * programs asks: an app lists the hosts that it may call, and with this needs one host for everything. The signature is
 * over the storage's host. Source: `before-send` in `vod.js` of vod-wx-sdk-v2 1.1.2.
 */
function followForwarding(request: CloudRequest): {
  side: Side | undefined;
  request: CloudRequest;
} {
  const side = findSide(request.host);
  const forwardTo = request.incoming.headers[FORWARD_HEADER];
  if (side !== 'ugc' || typeof forwardTo !== 'string') return { side, request };
  return { side: 'storage', request: { ...request, host: forwardTo.toLowerCase() } };
}

/** Accepts the SDK's usage reports and discards them. */
async function answerReport({ incoming, outgoing }: CloudRequest): Promise<void> {
  if (answerCors(incoming, outgoing)) return;
  incoming.resume();
  answerJson(outgoing, 200, {});
}

async function answerUnknownHost({ host, incoming, outgoing }: CloudRequest): Promise<void> {
  if (answerCors(incoming, outgoing)) return;
  incoming.resume();
  const hosts = Object.values(HOSTS).flat();
  const message = `The local emulator for VOD does not speak for ${host}`;
  answerJson(outgoing, 404, { code: 404, message, hosts });
}

function answerFailure({ outgoing }: CloudRequest, error: unknown): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const message = `The local emulator for VOD failed: ${String(error)}`;
  answerJson(outgoing, 500, { code: 500, message });
}

/**
 * Returns the address for a further application's notifications, until ModifyEventConfig sets another: that of the
 * account's own application, with a parameter that distinguishes it.
 */
function callbackOf(callbackUrl: string, subAppId: number): string {
  if (callbackUrl === '') return '';
  const url = new URL(callbackUrl);
  url.searchParams.set(APPLICATION_PARAMETER, String(subAppId));
  return url.href;
}

/** Returns the services of each application, the account's own first. */
function openApplications(
  options: EmulatorOptions &
    Pick<ApiServices, 'objects' | 'clock'> &
    Pick<SourceOptions, 'resolve'>,
  state: AccountState,
): ReadonlyMap<number, ApiServices> {
  const { account, callbackUrl } = options;
  const own = openApplication({ ...options, state });
  const others = account.otherSubAppIds.map((subAppId) => {
    const seen = { account: accountOf(account, subAppId), state: state.of(subAppId) };
    const further = { ...seen, callbackUrl: callbackOf(callbackUrl, subAppId) };
    return [subAppId, openApplication({ ...options, ...further })] as const;
  });
  return new Map([[account.subAppId, own], ...others]);
}

/** Opens the emulator and continues the work that was left when it was closed. Throws if its state is damaged. */
export async function openEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { dir, account, clock = createClock() } = options;
  const { now, callersNow } = clock;
  const state = await openState(dir, now);
  const objects = await openObjects(join(dir, 'storage'), now);
  const samples = await openSampleServer();
  const resolve = { [SAMPLE_HOST]: samples.origin, ...options.pull?.resolve };
  const opened = openApplications({ ...options, clock, objects, resolve }, state);
  const of = (subAppId: number) => {
    const found = opened.get(subAppId);
    if (found === undefined) throw new RangeError(`There is no application ${subAppId}`);
    return found;
  };
  const applications: Applications<ApiServices> = { own: of(account.subAppId), of };
  const grantOf = (secretId: string) => state.grants.get(secretId);
  const sides = {
    ugc: createUgcHandler(applications),
    storage: createStorageHandler({ ...options, now, callersNow, objects, grantOf }),
    api: createApiHandler(applications),
    report: answerReport,
  };
  for (const { events, pulls } of opened.values()) {
    events.start();
    pulls.start();
  }
  return {
    arrivals: createArrivals(applications),
    publicNames: resolve,
    async handle(received) {
      const { side, request } = followForwarding(received);
      try {
        await (side === undefined ? answerUnknownHost(request) : sides[side](request));
      } catch (error) {
        answerFailure(request, error);
      }
    },
    serveMedia: (path, incoming, outgoing) =>
      serveMedia(objects, bucketOf(account), path, incoming, outgoing),
    now,
    media: () => listNewest([...opened.values()]),
    mediaCount: () => {
      const counts = [...opened.values()].map((each) => each.state.media.size);
      return counts.reduce((sum, count) => sum + count, 0);
    },
    notice: describeDropped(state),
    expired: (from, to) =>
      countExpired(
        [...opened.values()].map((each) => each.state),
        from,
        to,
      ),
    async close() {
      for (const { pulls } of opened.values()) await pulls.close();
      for (const { events } of opened.values()) await events.close();
      await samples.close();
      await objects.close();
      await state.close();
    },
  };
}

function listNewest(applications: readonly ApiServices[]): readonly Media[] {
  const newest = applications.flatMap(({ mediaIndex }) => takeNewest(mediaIndex).reverse());
  return newest
    .sort((left, right) => Date.parse(left.createTime) - Date.parse(right.createTime))
    .slice(-MAX_LISTED);
}

function takeNewest(index: ApiServices['mediaIndex']): Media[] {
  const found: Media[] = [];
  for (const media of index.list('newest first')) {
    if (found.push(media) === MAX_LISTED) break;
  }
  return found;
}

function describeDropped({ droppedBytes, file }: AccountState): string | undefined {
  if (droppedBytes === 0) return undefined;
  return `The last ${droppedBytes} bytes of ${file} were no whole line, since the process that wrote them was ended. They are dropped; no request had been answered for them.`;
}
