import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import COS from 'cos-nodejs-sdk-v5';
import { buildPicture } from '../../tools/local/emulator/pull/sample-media.ts';
import { buildVideo } from '../../tools/local/emulator/pull/sample-video.ts';
import type { LocalStack } from '../../tools/local/local-stack.ts';
import { happens } from '../support/activities.ts';
import { uploadFromServer } from '../support/local-upload-client.ts';
import type { Way } from './ways.ts';

/** The stack and the services that a media is brought to. */
export interface Place {
  readonly stack: LocalStack;
  /** For files that the test creates. */
  readonly dir: string;
}

/** The owner of each media here; the documents' example of rules names it. */
const OWNER = 'user-7';
/** A stream that the same example names. */
const STREAM = 'show-7';

const SAMPLE = 'http://samples.example.com/video.mp4';
const FILM = buildVideo(2);

/** A cover that a media arrives with; it differs from the covers of the samples. */
export const OWN_COVER: Buffer = buildPicture(32, 24);

/** Every field that a media can set itself; each value differs from what its rules set. */
export const OWN = {
  classId: 70,
  procedure: 'OwnFlow',
  region: 'ap-tokyo',
  name: 'own name',
  sourceContext: 'own source',
  sessionContext: 'own session',
  expireTime: '2098-01-01T00:00:00Z',
  keepSeconds: 3_600,
  clientPriority: 3,
  pullPriority: 4,
} as const;

/** Sends a request to the stack, and returns its answer. */
export async function ask(
  { origin }: LocalStack,
  method: string,
  path: string,
  body?: unknown,
  scope?: string,
) {
  const headers = scope === undefined ? {} : { authorization: await authorise(origin, scope) };
  const response = await fetch(`${origin}${path}`, {
    ...{ method, headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}

async function authorise(origin: string, scope: string): Promise<string> {
  const response = await fetch(`${origin}/__local/token`, {
    method: 'POST',
    body: JSON.stringify({ sub: OWNER, scope }),
  });
  return `Bearer ${JSON.parse(await response.text()).token}`;
}

/** Sends a request that must succeed, and returns its answer. */
export async function demand(...request: Parameters<typeof ask>) {
  const { status, json } = await ask(...request);
  if (status >= 300) throw new Error(`${request[2]} is refused: ${JSON.stringify(json)}`);
  return json;
}

/** Returns the id of the media after it has arrived. */
type Bring = (place: Place) => Promise<string>;

/** Each way with the least that it needs: the media gets what the rules set. */
export const BRING_PLAIN: Readonly<Record<Way, Bring>> = {
  'console upload': (place) => control(place, 'console-upload', { name: 'film.mp4' }),
  'console pull': async (place) => {
    const { taskId } = await demand(place.stack, 'POST', '/__local/console-pull', {
      mediaUrl: SAMPLE,
    });
    return endOfPull(place, taskId);
  },
  'server upload': (place) => uploadAsServer(place, {}),
  'client upload': (place) => uploadAsClient(place, {}),
  'API pull': (place) => pull(place, {}),
  'live recording': (place) => control(place, 'live-recording', { streamId: STREAM }),
};

/** Each way with every field that it can set; the console’s pull can set none. */
export const BRING_OWN: Readonly<Partial<Record<Way, Bring>>> = {
  'console upload': (place) =>
    control(place, 'console-upload', { classId: OWN.classId, procedure: OWN.procedure }),
  'server upload': async (place) => {
    const cover = join(place.dir, 'cover.png');
    await writeFile(cover, OWN_COVER);
    return uploadAsServer(place, {
      ...{ CoverFilePath: cover, MediaName: OWN.name, MediaType: 'mov', ClassId: OWN.classId },
      ...{ Procedure: OWN.procedure, StorageRegion: OWN.region, ExpireTime: OWN.expireTime },
      ...{ SourceContext: OWN.sourceContext, SessionContext: OWN.sessionContext },
    });
  },
  'client upload': (place) =>
    uploadAsClient(
      place,
      {
        ...{ classId: OWN.classId, procedure: OWN.procedure, storageRegion: OWN.region },
        ...{ taskPriority: OWN.clientPriority, taskNotifyMode: 'Change' },
        ...{ sourceContext: OWN.sourceContext, sessionContext: OWN.sessionContext },
        mediaExpireTime: OWN.expireTime,
      },
      { name: OWN.name, cover: OWN_COVER },
    ),
  'API pull': (place) =>
    pull(place, {
      ...{ classId: OWN.classId, procedure: OWN.procedure, storageRegion: OWN.region },
      ...{ tasksPriority: OWN.pullPriority, mediaName: OWN.name, mediaType: 'mov' },
      ...{ sourceContext: OWN.sourceContext, sessionContext: OWN.sessionContext },
      ...{ expireTime: OWN.expireTime, coverUrl: 'http://samples.example.com/cover.png' },
    }),
  'live recording': (place) =>
    control(place, 'live-recording', { streamId: STREAM, keepSeconds: OWN.keepSeconds }),
};

async function control({ stack }: Place, name: string, body: object): Promise<string> {
  const { fileId } = await demand(stack, 'POST', `/__local/${name}`, body);
  return fileId;
}

/** Uploads a film with the vendor's server SDK. */
export async function uploadAsServer(
  { stack, dir }: Place,
  fields: Parameters<typeof uploadFromServer>[1],
  film = FILM,
): Promise<string> {
  const file = join(dir, 'film.mp4');
  await writeFile(file, film);
  const { FileId } = await uploadFromServer(stack, { MediaFilePath: file, ...fields });
  return FileId;
}

/** Has VOD pull a film, and returns the id of the resulting media. */
export async function pull(place: Place, fields: object): Promise<string> {
  const { taskId } = await demand(
    place.stack,
    'POST',
    '/pull',
    { mediaUrl: SAMPLE, ...fields },
    'upload:pull',
  );
  return endOfPull(place, taskId);
}

/** Returns the id of the media that a pull created. */
export async function endOfPull({ stack }: Place, taskId: string): Promise<string> {
  const { fileId = '' } = await happens(
    stack,
    'pull',
    (pulled) => pulled.taskId === taskId && pulled.status === 'FINISH',
  );
  return fileId;
}

/** A signature for an upload with these fields, and the upload's id. */
export function sign(
  { stack }: Place,
  fields: object,
): Promise<{ readonly signature: string; readonly uploadId: string }> {
  return demand(stack, 'POST', '/signature', fields, 'upload:sign');
}

/** Uploads a film as the vendor's client SDKs do: Apply, storage, Commit. */
export async function uploadAsClient(
  place: Place,
  fields: object,
  wish: { readonly name?: string; readonly cover?: Buffer } = {},
): Promise<string> {
  return sendAsClient(place, (await sign(place, fields)).signature, wish);
}

/** The same with an existing signature. */
export async function sendAsClient(
  { stack, dir }: Place,
  signature: string,
  { name = 'film', cover }: { readonly name?: string; readonly cover?: Buffer } = {},
): Promise<string> {
  const ugc = '/__vod/vod2.qcloud.com/v3/index.php?Action=';
  const ofCover = cover && { coverName: 'cover', coverType: 'png', coverSize: cover.length };
  const media = { videoName: name, videoType: 'mp4', videoSize: FILM.length };
  const applied = await demand(stack, 'POST', `${ugc}ApplyUploadUGC`, {
    ...{ signature, ...media, ...ofCover },
  });
  const { data } = applied;
  if (data === undefined) throw new Error(`The upload is refused: ${applied.message}`);
  const { secretId, secretKey, token } = data.tempCertificate;
  const cos = new COS({
    ...{ SecretId: secretId, SecretKey: secretKey, SecurityToken: token },
    ...{ Protocol: 'http:', Ip: new URL(stack.origin).host.replace('localhost', '127.0.0.1') },
    ConfCwd: dir,
  });
  const target = {
    Bucket: `${data.storageBucket}-${data.storageAppId}`,
    Region: data.storageRegionV5,
  };
  await cos.putObject({ ...target, Key: data.video.storagePath.slice(1), Body: FILM });
  if (cover !== undefined) {
    await cos.putObject({ ...target, Key: data.cover.storagePath.slice(1), Body: cover });
  }
  const { vodSessionKey } = data;
  const committed = await demand(stack, 'POST', `${ugc}CommitUploadUGC`, {
    ...{ signature, vodSessionKey },
  });
  return committed.data.fileId;
}
