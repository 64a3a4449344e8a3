import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ActivityLog } from '../activity.ts';
import type { Account } from './account.ts';
import { createApiHandler } from './api/handler.ts';
import type { EmptyQueueAnswer } from './api/services.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import type { CloudRequest } from './cloud-request.ts';
import { createEventQueue } from './events/event-queue.ts';
import { createEventSettings } from './events/event-settings.ts';
import { createUploadEvents } from './events/upload-events.ts';
import type { Faults } from './faults.ts';
import { probeMetaData } from './metadata.ts';
import type { SourceOptions } from './pull/open-source.ts';
import { createPulls, type PullsOptions } from './pull/pulls.ts';
import { openSampleServer, SAMPLE_HOST } from './pull/sample-server.ts';
import type { TransferTimes } from './pull/transfer-clock.ts';
import { type EventConfig, type Media, openState } from './state.ts';
import { serveMedia } from './storage/media-answer.ts';
import { openObjects } from './storage/object-files.ts';
import type { SpeedLimit } from './storage/speed-limit.ts';
import { createStorageHandler } from './storage/storage-handler.ts';
import { answerCors, answerJson } from './ugc/answers.ts';
import { createSessionCommit } from './ugc/commit.ts';
import { bucketOf, type UgcDependencies } from './ugc/dependencies.ts';
import { createUgcHandler } from './ugc/handler.ts';

/** What the stand-in is opened with. */
export interface StandInOptions {
  /** Directory of its state and of the uploaded files, made if need be. */
  readonly dir: string;
  readonly account: Account;
  /** Scheme, host and port under which `serveMedia` is reached, without a slash at the end. */
  readonly origin: string;
  /** Where event notifications are sent, until ModifyEventConfig says another address. */
  readonly callbackUrl: string;
  /** How events leave, until ModifyEventConfig says otherwise; `PUSH` by default. */
  readonly eventMode?: EventConfig['mode'];
  readonly activity: ActivityLog;
  readonly faults: Faults;
  readonly speed: SpeedLimit;
  readonly now?: () => Date;
  /** How long a simulated processing flow takes; 3,000 by default. */
  readonly procedureMilliseconds?: number;
  /** How long the receiver of a notification may take; 5,000 by default. */
  readonly timeoutMilliseconds?: number;
  /** Waits before each attempt to send a notification; 0, 1,000 and 1,000 by default. */
  readonly attemptWaits?: readonly number[];
  /** How long PullEvents waits for an event; 5,000 by default. */
  readonly pollMilliseconds?: number;
  /** What PullEvents says where there is none; `null` by default. */
  readonly emptyQueue?: EmptyQueueAnswer;
  /** How PullUpload finds and reads its sources. {@link SAMPLE_HOST} is found unless `resolve` says otherwise. */
  readonly pull?: Partial<SourceOptions> & TransferTimes & Pick<PullsOptions, 'parallel'>;
}

/** The local stand-in for VOD: its client upload, its storage, its API and its events. */
export interface StandIn {
  /** Answers a request to one of the cloud's hosts; never rejects. */
  handle(request: CloudRequest): Promise<void>;
  /** Answers a GET of an uploaded file; `path` is what follows `/media/`, still percent-encoded. */
  serveMedia(path: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  /** The ways in that no program takes. */
  readonly arrivals: Arrivals;
  /** The made-up names of sources on this machine, with the origins that they stand for. */
  readonly publicNames: Readonly<Record<string, string>>;
  /** Every committed media, oldest first. */
  media(): readonly Media[];
  /** Breaks off what is under way; opening the same directory again goes on with it. */
  close(): Promise<void>;
}

type Side = 'ugc' | 'storage' | 'report' | 'api';

const STORAGE_HOST = /^[a-z0-9-]+\.cos\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn)$/;
/** The endpoint of the API, the one of the international site, and those of single regions. */
const API_HOST = /^vod(?:\.[a-z0-9-]+)?\.tencentcloudapi\.com$/;
const HOSTS = {
  api: ['vod.tencentcloudapi.com', 'vod.<region>.tencentcloudapi.com'],
  ugc: ['vod2.qcloud.com', 'vod2.dnsv1.com'],
  report: ['vodreport.qcloud.com'],
  storage: ['<bucket>.cos.<region>.myqcloud.com', '<bucket>.cos.<region>.tencentcos.cn'],
} as const;

function findSide(host: string): Side | undefined {
  if (HOSTS.ugc.some((known) => known === host)) return 'ugc';
  if (HOSTS.report.some((known) => known === host)) return 'report';
  if (API_HOST.test(host)) return 'api';
  return STORAGE_HOST.test(host) ? 'storage' : undefined;
}

/** Answers whether this is a host of the cloud that the stand-in speaks for; lower case, without port. */
export function isCloudHost(host: string): boolean {
  return findSide(host) !== undefined;
}

/** The SDK's usage reports: thanked for and thrown away. */
async function answerReport({ incoming, outgoing }: CloudRequest): Promise<void> {
  if (answerCors(incoming, outgoing)) return;
  incoming.resume();
  answerJson(outgoing, 200, {});
}

async function answerUnknownHost({ host, incoming, outgoing }: CloudRequest): Promise<void> {
  if (answerCors(incoming, outgoing)) return;
  incoming.resume();
  const hosts = Object.values(HOSTS).flat();
  const message = `The local stand-in for VOD does not speak for ${host}`;
  answerJson(outgoing, 404, { code: 404, message, hosts });
}

function answerFailure({ outgoing }: CloudRequest, error: unknown): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const message = `The local stand-in for VOD failed: ${String(error)}`;
  answerJson(outgoing, 500, { code: 500, message });
}

/** Opens the stand-in and goes on with what it had to do when it was closed. Throws where its state is damaged. */
export async function openStandIn(options: StandInOptions): Promise<StandIn> {
  const { dir, account, now = () => new Date() } = options;
  const state = await openState(join(dir, 'state.json'), now);
  const objects = await openObjects(join(dir, 'storage'), now);
  const samples = await openSampleServer();
  const settings = createEventSettings({ ...options, state });
  const queue = createEventQueue({ ...options, state, now });
  const events = createUploadEvents({ ...options, now, state, settings, queue });
  const ugc: UgcDependencies = {
    ...options,
    ...{ now, state, objects },
    probe: (object) => probeMetaData(object, objects.read),
    recordUpload: events.recordUpload,
    startRecorded: events.start,
  };
  const resolve = { [SAMPLE_HOST]: samples.origin, ...options.pull?.resolve };
  const pulls = createPulls({ ...ugc, ...options.pull, objects, events, resolve });
  const api = createApiHandler({
    ...{ ...ugc, objects, settings, queue, events, pulls },
    emptyQueue: options.emptyQueue ?? 'null',
    commitSession: createSessionCommit(ugc),
  });
  const arrivals = createArrivals({ ...ugc, objects, pulls });
  const grantOf = (secretId: string) => state.grants.get(secretId);
  const storage = createStorageHandler({ ...options, now, objects, grantOf });
  const sides = { ugc: createUgcHandler(ugc), storage, api, report: answerReport };
  events.start();
  pulls.start();
  return {
    arrivals,
    publicNames: resolve,
    async handle(request) {
      const side = findSide(request.host);
      try {
        await (side === undefined ? answerUnknownHost(request) : sides[side](request));
      } catch (error) {
        answerFailure(request, error);
      }
    },
    serveMedia: (path, incoming, outgoing) =>
      serveMedia(objects, bucketOf(account), path, incoming, outgoing),
    media: () => [...state.media.values()],
    async close() {
      await pulls.close();
      await events.close();
      await samples.close();
      await state.save();
    },
  };
}
