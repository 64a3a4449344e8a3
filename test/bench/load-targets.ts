import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Gateway } from '../../tools/local/gateway/gateway.ts';
import type { FunctionDefinition } from '../../tools/local/gateway/instance.ts';
import { signCallback } from '../support/sign-callback.ts';

const SIGN_KEY = 'SignKeyOfTheBench';

const TIMER = { Type: 'Timer', TriggerName: 'sweep', Time: '2026-01-31T08:00:00Z', Message: '' };

/** A function, and the request that it is called with again and again. */
export interface LoadTarget {
  readonly definition: FunctionDefinition;
  readonly ask: (origin: string, gateway: Gateway) => Promise<number>;
  /** The same request as the platform passes it. */
  readonly event: object;
}

/** Returns every function in the folder: with a ledger, and also without one if it works without. */
export function listTargets(
  folder: string,
  vodHost: string,
  databaseUrl: string,
): readonly LoadTarget[] {
  const define = (name: string, ledger: boolean): FunctionDefinition => ({
    name,
    file: join(folder, `${name}.js`),
    environment: {
      AUTH: 'none',
      VOD_SECRET_ID: 'AKIDexample',
      VOD_SECRET_KEY: 'secret-key-example',
      VOD_API_ENDPOINT: vodHost,
      VOD_API_PROTOCOL: 'http',
      VOD_PULLS_PER_SECOND: '100',
      CALLBACK_SIGN_KEYS: SIGN_KEY,
      ...(ledger ? { DATABASE_URL: databaseUrl } : {}),
    },
    timeoutSeconds: 60,
    memoryMegabytes: 128,
  });
  const post = (name: string, ledger: boolean, write: () => object): LoadTarget => ({
    definition: define(name, ledger),
    ask: (origin) => ask(`${origin}/${name}`, { method: 'POST', body: JSON.stringify(write()) }),
    event: { httpMethod: 'POST', path: `/${name}`, headers: {}, body: JSON.stringify(write()) },
  });
  const signature = () => ({ classId: 7, sourceContext: 'mine' });
  const pull = () => ({ mediaUrl: `https://media.example.com/${randomUUID()}.mp4` });
  return [
    post('signature', false, signature),
    post('signature', true, signature),
    post('pull', false, pull),
    post('pull', true, pull),
    post('callback', true, writeArrival),
    {
      definition: define('uploads', true),
      ask: (origin) => ask(`${origin}/uploads?limit=20`),
      event: { httpMethod: 'GET', path: '/uploads', headers: {}, queryString: { limit: '20' } },
    },
    {
      definition: define('sweep', true),
      event: TIMER,
      ask: async (_, gateway) =>
        (await gateway.fire('sweep', TIMER)).outcome.kind === 'result' ? 200 : 500,
    },
  ];
}

function writeArrival(): object {
  const FileId = randomUUID();
  const signed = signCallback(SIGN_KEY, Math.floor(Date.now() / 1_000) + 600);
  return { EventType: 'NewFileUpload', FileUploadEvent: { FileId }, ...signed };
}

async function ask(url: string, options?: RequestInit): Promise<number> {
  const response = await fetch(url, options);
  await response.arrayBuffer();
  return response.status;
}
