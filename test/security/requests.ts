import { SignJWT } from 'jose';
import type { TestRequest } from '../support/http-events.ts';
import { signCallback } from '../support/sign-callback.ts';
import { CANARIES, SIGNED, TENANTS_APPLICATION, TENANTS_SIGNED } from './canaries.ts';
import { FILE_ID } from './stage.ts';

const {
  apiKey,
  brokenBody,
  claim,
  cookie,
  coverQuery,
  denied,
  eventSecret,
  eventText,
  foreignToken,
  forgery,
  header,
  idempotencyKey,
  jwtSecret,
  mediaQuery,
  path,
  refusedUrl,
  requestQuery,
  sessionContext,
  signKey,
  sourceContext,
  unknownField,
  wrongField,
} = CANARIES;

const SCOPES = 'upload:sign upload:pull upload:read upload:cancel upload:admin';

/** Returns requests with secrets in all their parts, valid and invalid ones; each may be sent to any function. */
export async function makeRequests(): Promise<readonly TestRequest[]> {
  const now = Math.floor(Date.now() / 1_000);
  const token = await new SignJWT({ scope: SCOPES, secret: claim.value })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ann')
    .setExpirationTime(now + 3_600)
    .sign(Buffer.from(jwtSecret.value));
  const headers = {
    authorization: `Bearer ${token}`,
    cookie: `session=${cookie.value}`,
    'x-api-key': header.value,
    'x-forwarded-for': header.value,
    'idempotency-key': idempotencyKey.value,
  };
  const query = { token: requestQuery.value };
  const asks: readonly TestRequest[] = [
    ...signatureRequests(),
    ...pullRequests(),
    ...notifications(now),
    ...uploadRequests(),
    { body: `{"a": "${brokenBody.value}` },
    { body: brokenBody.value },
    { body: { [`field${wrongField.value}`.slice(0, 20)]: unknownField.value } },
  ];
  return [
    ...asks.map((ask) => ({
      ...ask,
      headers: { ...headers, ...ask.headers },
      query: ask.query ?? query,
    })),
    ...refusedCallers().map((authorization) => ({
      headers: { ...headers, authorization },
      body: {},
    })),
  ];
}

function signatureRequests(): readonly TestRequest[] {
  const contexts = { sourceContext: sourceContext.value, sessionContext: sessionContext.value };
  return [
    { body: contexts },
    { body: { ...contexts, expiresIn: 60, limits: { maxBytes: 10 } } },
    {
      body: { expiresIn: wrongField.value, uploadId: wrongField.value, secret: unknownField.value },
    },
    { body: { limits: { maxBytes: wrongField.value, [unknownField.name]: unknownField.value } } },
    { body: { sourceContext: sourceContext.value.repeat(20) } },
  ];
}

function pullRequests(): readonly TestRequest[] {
  const good = {
    mediaUrl: `https://media.example.com/film.mp4?sign=${mediaQuery.value}`,
    coverUrl: `https://media.example.com/cover.png?sign=${coverQuery.value}`,
    sourceContext: sourceContext.value,
    sessionContext: sessionContext.value,
    storageRegion: 'ap-seoul',
  };
  const bad = [
    `https://${refusedUrl.value}:${refusedUrl.value}@media.example.com/film.mp4`,
    `https://127.0.0.1/film.mp4?${refusedUrl.value}`,
    `http://${refusedUrl.value}`,
    `ftp://media.example.com/${refusedUrl.value}`,
    refusedUrl.value,
  ];
  return [
    { body: good },
    { body: { ...good, mediaName: 'again' } },
    { body: { items: [good, ...bad.map((mediaUrl) => ({ mediaUrl })), { mediaUrl: 5 }, good] } },
    ...bad.map((mediaUrl) => ({ body: { ...good, mediaUrl, coverUrl: mediaUrl } })),
    { body: { ...good, procedure: wrongField.value, classId: wrongField.value } },
  ];
}

function notifications(now: number): readonly TestRequest[] {
  const arrival = (fileId: string, name: string) => ({
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId: fileId, MediaBasicInfo: { Name: name } },
  });
  const cast = {
    EventType: 'MediaCastStatusChanged',
    MediaCastStatusChangedEvent: {
      ...{ CastId: 'cast-1', Status: 'Working', Text: eventText.value },
      SessionContext: eventSecret.value,
      DestinationSet: [{ Url: `rtmp://live.example.com/app/${eventSecret.value}` }],
    },
  };
  const deletion = {
    EventType: 'FileDeleted',
    FileDeleteEvent: {
      FileIdSet: [
        FILE_ID,
        ...Array.from({ length: 300 }, (_, i) => `52858907${String(i).padStart(11, '0')}`),
      ],
    },
  };
  return [
    { body: { ...arrival(FILE_ID, eventText.value), ...SIGNED } },
    { body: { ...arrival('5285890799999999999', denied.value), ...SIGNED } },
    { body: { ...cast, ...SIGNED } },
    { body: { EventType: 'TomorrowsEvent', Text: eventText.value, ...SIGNED } },
    { body: { ...arrival(FILE_ID, forgery.value), Sign: forgery.value, T: SIGNED.T } },
    { body: { ...arrival(FILE_ID, forgery.value), ...signCallback(signKey.value, now - 600) } },
    { body: cast, query: { Sign: SIGNED.Sign, T: String(SIGNED.T) } },
    ...[SIGNED, TENANTS_SIGNED].map((signed) => ({
      body: { ...cast, ...signed },
      query: { subAppId: String(TENANTS_APPLICATION) },
    })),
    { body: { ...cast, ...TENANTS_SIGNED } },
    { body: { ...deletion, ...SIGNED } },
  ];
}

function uploadRequests(): readonly TestRequest[] {
  const uploads = '/uploads/01ARYZ6S410000000000000000';
  return [
    { method: 'GET', path: '/uploads', query: {} },
    { method: 'GET', path: '/uploads', query: { cursor: requestQuery.value, owner: 'ann' } },
    {
      method: 'GET',
      path: '/uploads',
      query: { state: requestQuery.value, limit: requestQuery.value },
    },
    { method: 'GET', path: `/uploads/${path.value}` },
    { method: 'GET', path: `/${path.value}/${path.value}/${path.value}` },
    { method: 'GET', path: uploads, headers: { 'if-none-match': `"${header.value}"` } },
    { method: 'GET', path: `${uploads}/events` },
    { method: 'POST', path: `${uploads}/replay`, body: { eventId: wrongField.value } },
    { method: 'GET', path: '/uploads/dead-deliveries' },
    { method: 'GET', path: '/uploads/dead-items' },
    {
      method: 'POST',
      path: '/uploads/dead-items/replay',
      body: { kind: wrongField.value, id: path.value },
    },
    {
      method: 'POST',
      path: '/uploads/dead-deliveries/replay',
      body: { endpoint: wrongField.value, cursor: wrongField.value, from: wrongField.value },
    },
    { method: 'GET', path: '/uploads/endpoints', query: { state: requestQuery.value } },
    { method: 'POST', path: `/uploads/endpoints/${path.value}/resume`, body: {} },
    { method: 'DELETE', path: uploads },
    { method: 'OPTIONS', headers: { origin: `https://${header.value}.example` } },
    { method: 'PATCH', path: `/${path.value}` },
  ];
}

/** Returns headers of callers who are unknown here. */
function refusedCallers(): readonly string[] {
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${segment({ alg: 'none' })}.${segment({ sub: foreignToken.value, exp: 9e9 })}.`;
  return [
    `Bearer ${foreignToken.value}`,
    `Bearer ${unsigned}`,
    `Bearer ${segment({ alg: 'HS256' })}.${segment({ sub: foreignToken.value })}.${foreignToken.value}`,
    `Bearer ${apiKey.value}`,
    `Basic ${foreignToken.value}`,
    foreignToken.value,
  ];
}
