import notifications from '../fixtures/vod-events.json' with { type: 'json' };
import type { Chance } from '../support/chance.ts';
import { APPLICATIONS, type FuzzCallers } from './fuzz-callers.ts';
import { makeBrokenText, makeJunk, type Plain, pick, spoil } from './junk.ts';

/** What a request needs to pass the authentication. */
export interface FuzzCredentials {
  readonly callers: FuzzCallers;
  /** What VOD adds to a notification of the own application, and by their number of the tenants' applications. */
  readonly signed: object;
  readonly signedOf: Readonly<Record<string, object>>;
}

const UPLOAD_ID = '01ARYZ6S410000000000000000';

const PULL = {
  mediaUrl: 'https://media.example.com/a.mp4',
  mediaName: 'a',
  classId: 1,
  expireTime: '2099-01-01T00:00:00Z',
  tasksPriority: 1,
  sourceContext: 'mine',
  limits: { maxBytes: 10, maxSeconds: 10, mediaTypes: ['mp4'] },
};

const SIGNATURE = {
  classId: 7,
  procedure: 'LongVideoPreset',
  taskPriority: 3,
  taskNotifyMode: 'Finish',
  sourceContext: 'mine',
  sessionContext: 'theirs',
  storageRegion: 'ap-seoul',
  oneTimeValid: true,
  expiresIn: 600,
  mediaExpireTime: '2099-01-01T00:00:00Z',
  limits: { maxBytes: 5, mediaTypes: ['MP4'] },
};

interface Template {
  readonly method?: string;
  readonly path?: string;
  readonly query?: object;
  readonly body?: object;
}

const NOTIFICATIONS: readonly Template[] = Object.values(notifications).map((body) => ({ body }));

const TEMPLATES: Readonly<Record<string, readonly Template[]>> = {
  signature: [{ body: SIGNATURE }, { body: {} }, { body: { uploadId: UPLOAD_ID } }],
  pull: [
    { body: PULL },
    {
      body: {
        items: [
          PULL,
          { ...PULL, idempotencyKey: 'one' },
          { mediaUrl: 'https://media.example.com/b' },
        ],
      },
    },
  ],
  callback: NOTIFICATIONS,
  uploads: [
    {
      method: 'GET',
      path: '/uploads',
      query: { limit: '5', state: 'ready', method: 'pull', owner: 'ann' },
    },
    { method: 'GET', path: '/uploads', query: { cursor: 'WzE3NjkwMDAwMDAwMDAsImEiXQ' } },
    { method: 'GET', path: `/uploads/${UPLOAD_ID}`, query: {} },
    { method: 'GET', path: `/uploads/${UPLOAD_ID}/events`, query: {} },
    {
      method: 'POST',
      path: `/uploads/${UPLOAD_ID}/replay`,
      body: { eventId: 'evt_1', endpoint: 'webhook_1' },
    },
    { method: 'DELETE', path: `/uploads/${UPLOAD_ID}` },
    { method: 'GET', path: '/uploads/dead-deliveries', query: { limit: '5' } },
    { method: 'GET', path: '/uploads/dead-items', query: { limit: '5' } },
    {
      method: 'POST',
      path: '/uploads/dead-items/replay',
      body: { kind: 'event', id: 'evt_1' },
    },
    {
      method: 'POST',
      path: '/uploads/dead-deliveries/replay',
      body: {
        ...{ endpoint: 'webhook_1', state: 'ready', limit: 5 },
        ...{ from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' },
        cursor: 'WzE3NjkwMDAwMDAwMDAsImEiLCJiIl0',
      },
    },
    { method: 'GET', path: '/uploads/endpoints', query: {} },
    { method: 'POST', path: '/uploads/endpoints/webhook_1/resume', body: {} },
  ],
};

const METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PUT', 'post', 'TRACE', ''];

const TIMER = {
  Type: 'Timer',
  TriggerName: 'every-minute',
  Time: '2026-01-31T08:00:00Z',
  Message: '',
};

/** Returns any event, from either trigger or a timer: usually one that is nearly valid for the function `name`. */
export function makeEvent(name: string, credentials: FuzzCredentials, chance: Chance): unknown {
  if (chance.happens(0.03)) return makeJunk(chance, 4);
  if (chance.happens(0.03)) return spoil(TIMER, 2, chance);
  const own = TEMPLATES[name] ?? NOTIFICATIONS;
  const templates = chance.happens(0.05) ? NOTIFICATIONS : own;
  const template = pick(templates, chance);
  const event = chance.happens(0.5)
    ? toUrlEvent(template, credentials, chance)
    : toGatewayEvent(template, credentials, chance);
  return chance.happens(0.15) ? spoil(event, 1 + chance.below(3), chance) : event;
}

/** Returns an item of VOD's queue of events, usually one that is nearly valid. */
export function makeQueued(chance: Chance): unknown {
  const item = {
    EventHandle: `handle-${chance.below(1e9)}`,
    ...pick(Object.values(notifications), chance),
  };
  return chance.happens(0.8) ? spoil(item, 1 + chance.below(3), chance) : item;
}

function toUrlEvent(template: Template, credentials: FuzzCredentials, chance: Chance): Plain {
  const queryString = spoilSometimes(template.query ?? makeAddress(chance), chance);
  const signed = chooseSigned(queryString, credentials, chance);
  return {
    httpMethod: chance.happens(0.03) ? pick(METHODS, chance) : (template.method ?? 'POST'),
    path: chance.happens(0.1) ? makePath(chance) : (template.path ?? '/'),
    headers: makeHeaders(credentials, chance),
    queryString,
    body: makeBody(template, signed, chance),
  };
}

function toGatewayEvent(template: Template, credentials: FuzzCredentials, chance: Chance): Plain {
  const event = toUrlEvent(template, credentials, chance);
  const { headers, body } = event;
  const text = typeof body === 'string' ? body : '';
  const isEncoded = chance.happens(0.9);
  return {
    ...event,
    requestContext: { stage: 'release', path: '/', identity: {} },
    headers: capitalise(headers),
    queryStringParameters: {},
    headerParameters: {},
    pathParameters: {},
    stageVariables: { stage: 'release' },
    body: isEncoded ? Buffer.from(text).toString('base64') : text,
    isBase64Encoded: chance.happens(0.95) ? isEncoded : !isEncoded,
  };
}

function capitalise(headers: unknown): Plain {
  return Object.fromEntries(
    Object.entries(Object(headers)).map(([name, value]) => [
      name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase()),
      value,
    ]),
  );
}

function makePath(chance: Chance): string {
  const parts = [
    'uploads',
    UPLOAD_ID,
    'events',
    'replay',
    '..',
    '%2e',
    '\0',
    'dead-deliveries',
    'dead-items',
    'endpoints',
    'resume',
    '',
    '\ud800',
  ];
  return `/${Array.from({ length: chance.below(6) }, () => pick(parts, chance)).join('/')}`;
}

/** Returns the query of a callback address: of an application, of none, or of one that does not exist. */
function makeAddress(chance: Chance): object {
  if (chance.happens(0.4)) return {};
  const subAppId = pick(APPLICATIONS, chance);
  if (chance.happens(0.6)) return { subAppId: String(subAppId) };
  const odd = [subAppId, [String(subAppId)], [subAppId, subAppId], `${subAppId},${subAppId}`];
  return { subAppId: chance.happens(0.5) ? pick(odd, chance) : makeJunk(chance) };
}

/** Returns headers, some of them twice with different capitals. */
function makeHeaders({ callers }: FuzzCredentials, chance: Chance): Plain {
  const authorization = pick(chance.happens(0.8) ? callers.known : callers.strangers, chance);
  const headers: Plain = {
    'content-type': 'application/json',
    origin: chance.happens(0.5) ? 'https://app.example.com' : 'null',
    ...(chance.happens(0.95) ? { authorization } : {}),
    ...(chance.happens(0.1) ? { 'idempotency-key': makeJunk(chance) } : {}),
    ...(chance.happens(0.1) ? { 'if-none-match': makeJunk(chance) } : {}),
    ...(chance.happens(0.05) ? { Authorization: 'Bearer x', AUTHORIZATION: makeJunk(chance) } : {}),
  };
  return chance.happens(0.05) ? Object(spoil(headers, 1, chance)) : headers;
}

/** Returns what VOD adds, usually for the application in the address. */
function chooseSigned(
  queryString: unknown,
  { signed, signedOf }: FuzzCredentials,
  chance: Chance,
): object {
  const { subAppId }: Plain = Object(queryString);
  if (typeof subAppId !== 'string' || chance.happens(0.1)) return signed;
  return signedOf[subAppId] ?? signed;
}

function makeBody({ body }: Template, signed: object, chance: Chance): unknown {
  if (body === undefined) return chance.happens(0.9) ? '' : makeJunk(chance);
  const isNotification = 'EventType' in body;
  const spoilt = chance.happens(0.85) ? spoil(body, 1 + chance.below(4), chance) : body;
  const whole = isNotification && chance.happens(0.97) ? { ...Object(spoilt), ...signed } : spoilt;
  const text = JSON.stringify(whole) ?? '';
  return chance.happens(0.04) ? makeBrokenText(text, chance) : text;
}

function spoilSometimes(value: object, chance: Chance): unknown {
  return chance.happens(0.6) ? spoil(value, 1 + chance.below(2), chance) : value;
}
