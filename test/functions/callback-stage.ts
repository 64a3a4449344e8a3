import { vi } from 'vitest';
import type { LogFields } from '../../lib/runtime/invocation.ts';
import { clock, random } from '../../lib/system.ts';
import { createVodApi, type VodApi } from '../../lib/vod/client.ts';
import type { RawEvent } from '../../lib/vod/event.ts';
import { type CapturedLog, captureLog } from '../support/capture-log.ts';
import { SCF_CONTEXT } from '../support/http-events.ts';
import type { KnownVod } from '../support/known-vod.ts';
import { signCallback } from '../support/sign-callback.ts';
import { sealContext } from '../support/source-contexts.ts';

const SIGN_KEY = 'SignKeyNew1';

export const UPLOAD_ID = '01ARYZ6S410000000000000000';

/** A media that came from a client, as VOD describes it. */
export const MEDIA = {
  FileId: '5285890700000000042',
  BasicInfo: {
    Name: 'holiday',
    SourceInfo: {
      SourceType: 'Upload',
      SourceContext: sealContext(
        { uploadId: UPLOAD_ID, owner: 'user-42', method: 'client' },
        'mine',
      ),
    },
  },
  MetaData: { Size: 10, Duration: 1.5 },
};

/** That it came. */
export const ARRIVAL: RawEvent = {
  EventType: 'NewFileUpload',
  FileUploadEvent: { FileId: MEDIA.FileId },
};

/** Something that nobody can confirm. */
export const CAST: RawEvent = {
  EventType: 'MediaCastStatusChanged',
  MediaCastStatusChangedEvent: { CastId: 'cast-1', Status: 'Working' },
};

/** Returns calls to `vod` by this service, which never wait. */
export function createKnownApi({ endpoint }: KnownVod): VodApi {
  return createVodApi(
    { endpoint, protocol: 'http', region: undefined, subAppId: undefined, pullsPerSecond: 100 },
    {
      readCredentials: () => ({
        ...{ secretId: 'AKIDexample', secretKey: 'secret-key-example', token: undefined },
      }),
      clock: { ...clock, sleep: async () => {} },
      random,
    },
  );
}

/** What the function answered, and its log line. */
export interface Notified {
  readonly statusCode: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly log: LogFields;
}

/** Loads the function anew, with what `environment` adds; returns what sends it a notification that is signed. */
type LoadCallback = (
  vod: KnownVod,
  environment: Readonly<Record<string, string>>,
) => Promise<(body: RawEvent) => Promise<Notified>>;

/** Lets the tests of the file load the function. */
export function useCallback(): LoadCallback {
  const log = captureLog();
  return (vod, environment) => loadCallback(log, vod, environment);
}

async function loadCallback(
  log: CapturedLog,
  vod: KnownVod,
  environment: Readonly<Record<string, string>>,
): ReturnType<LoadCallback> {
  const variables = {
    CALLBACK_SIGN_KEYS: SIGN_KEY,
    VOD_SECRET_ID: 'AKIDexample',
    VOD_SECRET_KEY: 'secret-key-example',
    VOD_API_ENDPOINT: vod.endpoint,
    VOD_API_PROTOCOL: 'http',
    ...environment,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  const { main_handler } = await import('../../functions/callback.ts');
  let calls = 0;
  return async (body) => {
    calls += 1;
    const requestId = `call-${calls}`;
    const signed = signCallback(SIGN_KEY, Math.floor(Date.now() / 1_000) + 600);
    const event = {
      httpMethod: 'POST',
      headers: {},
      body: JSON.stringify({ ...body, ...signed }),
    };
    const context = {
      ...SCF_CONTEXT,
      request_id: requestId,
      getRemainingTimeInMillis: () => 10_000,
    };
    const { statusCode, body: answer } = await main_handler(event, context);
    const line = log.lines.find((written) => written.requestId === requestId) ?? {};
    return { statusCode, json: JSON.parse(answer), log: line };
  };
}
