import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Consumer, startConsumer } from '../lib/webhooks/consumer.ts';
import { contextKeysOf, encodeContext } from '../support/source-contexts.ts';
import {
  refuse,
  startVodServer,
  succeed,
  type VodCall,
  type VodServer,
} from '../support/vod-server.ts';
import { CANARIES } from './canaries.ts';

/** How the services around the functions behave. */
export type Weather =
  | 'fair'
  /** VOD refuses every call, with messages that quote everything it was sent, and more. */
  | 'refusing'
  /** A proxy in front of VOD answers instead, with something that is not JSON. */
  | 'garbled'
  /** VOD and consumers end the connection, or redirect. */
  | 'broken';

/** The services around the functions, with a record of all that they receive. */
export interface CanaryStage {
  readonly vod: VodServer;
  readonly bus: VodServer;
  readonly consumer: Consumer;
  weather: Weather;
  /** Returns all calls of the cloud, and all messages, as text. */
  texts(): { readonly cloud: string; readonly message: string };
  close(): Promise<void>;
}

/** Id of a file in the stage's VOD. */
export const FILE_ID = '5285890700000000042';

/** All canaries, quoted as by a service that knows all of them. */
export const GOSSIP = Object.values(CANARIES)
  .map(({ value }) => value)
  .join(' ');

const REFUSALS = [
  'AuthFailure.SignatureFailure',
  'InvalidParameterValue.MediaUrl',
  'InternalError',
  'RequestLimitExceeded',
];

/** A media that a client uploaded. */
const MEDIA = {
  FileId: FILE_ID,
  BasicInfo: {
    Name: CANARIES.eventText.value,
    SourceInfo: {
      SourceType: 'Upload',
      SourceContext: encodeContext(
        { uploadId: '01ARYZ6S410000000000000000', owner: 'ann', method: 'client' },
        CANARIES.sourceContext.value,
        { keys: contextKeysOf(CANARIES.contextKey.value), subAppId: 1_500_000_001 },
      ),
    },
  },
  MetaData: { Size: 10, Duration: 1.5 },
};

/** Starts VOD, EventBridge and a consumer. */
export async function openCanaryStage(): Promise<CanaryStage> {
  const current = { weather: 'fair' as Weather };
  const answer = (response: ServerResponse, call: VodCall) => {
    const quoted = `${call.text} ${call.headers.authorization} ${GOSSIP}`;
    switch (current.weather) {
      case 'fair':
        answerFairly(response, call);
        break;
      case 'refusing':
        refuse(response, REFUSALS[vod.calls.length % REFUSALS.length] ?? 'InternalError', quoted);
        break;
      case 'garbled':
        response.statusCode = 502;
        response.end(`<html>${quoted}</html>`);
        break;
      case 'broken':
        response.destroy();
    }
  };
  const vod = await startVodServer(answer);
  const bus = await startVodServer(answer);
  const consumer = await startConsumer((response) => {
    if (current.weather !== 'fair') {
      response.statusCode = current.weather === 'broken' ? 302 : 500;
      response.setHeader('Location', `http://127.0.0.1:1/?${GOSSIP.replaceAll(' ', '&')}`);
    }
    response.end(GOSSIP);
  });
  return {
    ...{ vod, bus, consumer },
    get weather() {
      return current.weather;
    },
    set weather(weather) {
      current.weather = weather;
    },
    texts: () => ({
      cloud: JSON.stringify([vod.calls, bus.calls.map(({ headers }) => headers)]),
      message: JSON.stringify([consumer.received, bus.calls.map(({ text }) => text)]),
    }),
    close: async () => {
      await Promise.all([vod.close(), bus.close(), consumer.close()]);
    },
  };
}

function answerFairly(response: ServerResponse, { action, parameters }: VodCall): void {
  const perform = ACTIONS[action];
  const answer = perform === undefined ? { TaskSet: [] } : perform(parameters);
  if (typeof answer === 'string') refuse(response, answer);
  else succeed(response, answer);
}

type Perform = (parameters: Readonly<Record<string, unknown>>) => object | 'ResourceNotFound';

const ACTIONS: Readonly<Record<string, Perform>> = {
  PullUpload: () => ({ TaskId: `task-${randomBytes(6).toString('hex')}` }),
  DescribeStorageRegions: () => ({
    StorageRegionInfos: [{ Region: 'ap-seoul', Status: 'opened' }],
  }),
  DescribeMediaInfos: ({ FileIds }) => {
    const asked = Array.isArray(FileIds) ? FileIds.map(String) : [];
    return {
      MediaInfoSet: asked.includes(FILE_ID) ? [MEDIA] : [],
      NotExistFileIdSet: asked.filter((id) => id !== FILE_ID),
    };
  },
  SearchMedia: () => ({ TotalCount: 1, MediaInfoSet: [MEDIA] }),
  DescribeTaskDetail: () => 'ResourceNotFound',
  PullEvents: () => 'ResourceNotFound',
};
