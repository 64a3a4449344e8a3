import { createHash } from 'node:crypto';
import { isoTimeOf } from '../new-media.ts';
import type { UploadFile, UploadSession } from '../state.ts';
import { secondsOf, type UgcDependencies } from './dependencies.ts';
import { newFileId, newObjectName, newSessionKey } from './identifiers.ts';
import { refusal } from './refusals.ts';
import type { ApplyRequest, NewCoverRequest, NewUploadRequest } from './requests.ts';
import type { UploadSignature } from './upload-signature.ts';

/** https://www.tencentcloud.com/document/product/266/33921: an upload can be resumed for a day. */
const SESSION_SECONDS = 86_400;

type NewApply = Exclude<ApplyRequest, { kind: 'resume' }>;
/** The part of a session that depends on whether it is for a new media or a new cover. */
type SessionFiles = Pick<
  UploadSession,
  'fileId' | 'storageRegion' | 'video' | 'cover' | 'mediaExpireTime'
>;

function buildFile(
  folder: string,
  id: string,
  { name, type, size }: { name: string; type: string; size: number | undefined },
  objectName: string,
): UploadFile {
  return { id, path: `${folder}/${objectName}.${type}`, name, type, size: size ?? null };
}

function buildCover(folder: string, request: Partial<NewCoverRequest>): UploadFile | null {
  const { coverName = '', coverType, coverSize } = request;
  if (coverType === undefined) return null;
  const id = newFileId();
  return buildFile(folder, id, { name: coverName, type: coverType, size: coverSize }, id);
}

function readMediaExpireTime(ugc: UgcDependencies, text: string | undefined): string | null {
  if (text === undefined) return null;
  const time = new Date(text);
  if (time <= ugc.now()) throw refusal('invalid request', `ExpireTime: ${text} is over`);
  return isoTimeOf(time);
}

function buildUploadFiles(
  ugc: UgcDependencies,
  signature: UploadSignature,
  request: NewUploadRequest,
): SessionFiles {
  const { account } = ugc;
  const wished = account.regions.find((region) => region === request.storageRegion);
  const fileId = newFileId();
  const folder = `/${account.storageBucket}/${fileId}`;
  const media = { name: request.videoName, type: request.videoType, size: request.videoSize };
  return {
    fileId,
    storageRegion: signature.storageRegion ?? wished ?? account.nearestRegion,
    video: buildFile(folder, fileId, media, newObjectName()),
    cover: buildCover(folder, request),
    mediaExpireTime: readMediaExpireTime(ugc, request.ExpireTime),
  };
}

function buildCoverFiles(ugc: UgcDependencies, request: NewCoverRequest): SessionFiles {
  const media = ugc.state.media.get(request.fileId);
  if (media === undefined) {
    throw refusal(
      'invalid request',
      `fileId: ${request.fileId} is not a media of this application`,
    );
  }
  return {
    fileId: media.fileId,
    storageRegion: media.storageRegion,
    video: null,
    cover: buildCover(`/${ugc.account.storageBucket}/${media.fileId}`, request),
    mediaExpireTime: null,
  };
}

function buildSession(
  ugc: UgcDependencies,
  signature: UploadSignature,
  apply: NewApply,
): UploadSession {
  const why = apply.kind === 'cover' ? undefined : ugc.names.explainRefusal(signature);
  if (why !== undefined) throw refusal('unknown name', why);
  const files =
    apply.kind === 'cover'
      ? buildCoverFiles(ugc, apply.request)
      : buildUploadFiles(ugc, signature, apply.request);
  return {
    ...files,
    vodSessionKey: newSessionKey(),
    expiresAt: secondsOf(ugc.now) + SESSION_SECONDS,
    committedAt: null,
    classId: signature.classId,
    procedure: signature.procedure,
    taskPriority: signature.taskPriority,
    taskNotifyMode: signature.taskNotifyMode,
    sourceContext: signature.sourceContext,
    sessionContext: signature.sessionContext,
  };
}

/** A retried request has no region, but counts as the same request. */
function digestRequest(apply: NewApply): string {
  const same = { ...apply.request, storageRegion: undefined };
  return createHash('sha256').update(JSON.stringify(same)).digest('hex');
}

/** Returns the session that a used one-time signature may continue; throws if it may not. */
function findBoundSession(
  ugc: UgcDependencies,
  signature: UploadSignature,
  apply: NewApply,
): UploadSession | undefined {
  if (!signature.oneTimeValid) return undefined;
  if (ugc.faults.take('reused-signature') !== undefined) {
    throw refusal('duplicate vod signature', 'the emulator was told to refuse this one');
  }
  const used = ugc.state.usedSignatures.get(signature.digest);
  if (used === undefined) return undefined;
  const session = ugc.state.sessions.get(used.vodSessionKey);
  const open = session?.committedAt === null && session.expiresAt >= secondsOf(ugc.now);
  if (open && used.request === digestRequest(apply)) return session;
  throw refusal('duplicate vod signature', 'another upload has used this one-time signature');
}

/**
 * Returns the session of a new upload. If a browser repeats a request with the same one-time signature after a lost
 * answer, it gets the session that the request began. Throws {@link refusal}s.
 */
export function openSession(
  ugc: UgcDependencies,
  signature: UploadSignature,
  apply: NewApply,
): UploadSession {
  const bound = findBoundSession(ugc, signature, apply);
  if (bound !== undefined) return bound;
  const session = buildSession(ugc, signature, apply);
  const { vodSessionKey } = session;
  ugc.state.sessions.set(vodSessionKey, session);
  if (signature.oneTimeValid) {
    ugc.state.usedSignatures.set(signature.digest, {
      digest: signature.digest,
      vodSessionKey,
      request: digestRequest(apply),
      expiresAt: signature.expireTime,
    });
  }
  return session;
}

/**
 * Returns the session with this key. A one-time signature that began another upload is refused; one that began this
 * upload or none is accepted, since some SDKs send one signature for all steps, others a fresh one. Throws {@link
 * refusal}s.
 */
export function findSession(
  ugc: UgcDependencies,
  signature: UploadSignature,
  vodSessionKey: string,
): UploadSession {
  const session = ugc.state.sessions.get(vodSessionKey);
  if (session === undefined || session.expiresAt < secondsOf(ugc.now)) {
    throw refusal('invalid session', 'vodSessionKey is not known, or its 24 hours are over');
  }
  const used = ugc.state.usedSignatures.get(signature.digest);
  if (used !== undefined && used.vodSessionKey !== vodSessionKey) {
    throw refusal('duplicate vod signature', 'another upload has used this one-time signature');
  }
  return session;
}
