import type { Applications } from '../account.ts';
import { buildMedia, isoTimeOf, urlOf } from '../new-media.ts';
import type { Media, UploadFile, UploadSession } from '../state.ts';
import type { StoredObject } from '../storage/objects.ts';
import { authoriseStep } from './authorisation.ts';
import { bucketOf, secondsOf, type UgcDependencies } from './dependencies.ts';
import type { Outcome } from './outcome.ts';
import { refusal } from './refusals.ts';
import { parseCommit } from './requests.ts';
import { findSession } from './sessions.ts';
import { signVerifyContent } from './verify-content.ts';

/** How long `verify_content` is valid: our guess. */
const VERIFY_SECONDS = 86_400;

async function findUploaded(ugc: UgcDependencies, file: UploadFile): Promise<StoredObject> {
  const key = file.path.slice(1);
  const object = await ugc.objects.find({ bucket: bucketOf(ugc.account), key });
  if (object === undefined) throw refusal('object missing', `${key} is not uploaded`);
  if (file.size === null || object.size === file.size) return object;
  const sizes = `${key} has ${object.size} bytes, ${file.size} were declared`;
  throw refusal('size differs', sizes);
}

async function buildUploadedMedia(
  ugc: UgcDependencies,
  session: UploadSession,
  video: UploadFile,
): Promise<Media> {
  const object = await findUploaded(ugc, video);
  const { fileId, cover, classId, storageRegion, sourceContext, procedure } = session;
  if (cover !== null) await findUploaded(ugc, cover);
  return buildMedia(ugc, {
    ...{ fileId, object, classId, storageRegion, procedure },
    ...{ name: video.name, type: video.type, path: video.path },
    coverPath: cover?.path ?? null,
    expireTime: session.mediaExpireTime,
    sourceContext: sourceContext ?? '',
  });
}

async function buildCoveredMedia(ugc: UgcDependencies, session: UploadSession): Promise<Media> {
  const { cover, fileId } = session;
  if (cover === null) throw refusal('invalid session', 'nothing was announced for it');
  await findUploaded(ugc, cover);
  const media = ugc.state.media.get(fileId);
  if (media === undefined) throw refusal('invalid session', `media ${fileId} is gone`);
  const updateTime = isoTimeOf(ugc.now());
  return { ...media, coverPath: cover.path, coverUrl: urlOf(ugc, cover.path), updateTime };
}

async function commitSession(ugc: UgcDependencies, session: UploadSession): Promise<UploadSession> {
  const { video } = session;
  const media =
    video === null
      ? await buildCoveredMedia(ugc, session)
      : await buildUploadedMedia(ugc, session, video);
  const committed = { ...session, committedAt: secondsOf(ugc.now) };
  ugc.state.media.set(media.fileId, media);
  ugc.state.sessions.set(session.vodSessionKey, committed);
  // A changed cover causes no event: the service's list of events has none for it.
  if (video !== null) ugc.recordUpload(media, session);
  await ugc.state.save();
  const { fileId, name, mediaUrl, coverUrl, metaData } = media;
  ugc.activity.report({ type: 'media', fileId, name, mediaUrl, coverUrl, metaData });
  ugc.startRecorded();
  return committed;
}

function buildCommitData(ugc: UgcDependencies, session: UploadSession, committedAt: number) {
  const describe = (file: UploadFile) => ({
    url: urlOf(ugc, file.path),
    verify_content: signVerifyContent(file.id, committedAt + VERIFY_SECONDS),
  });
  const { video, cover, fileId } = session;
  return {
    fileId,
    ...(video === null ? {} : { video: describe(video) }),
    ...(cover === null ? {} : { cover: describe(cover) }),
  };
}

/**
 * Returns the function that turns the uploaded files of a session into a media. A repeated call, even during the first
 * one, gives the same result and creates nothing twice. The function throws `UgcRefusal` if a file is missing or not as
 * it was declared.
 */
export function createSessionCommit(): (
  ugc: UgcDependencies,
  session: UploadSession,
) => Promise<UploadSession> {
  const underWay = new Map<string, Promise<UploadSession>>();
  return (ugc, session) => {
    if (session.committedAt !== null) return Promise.resolve(session);
    const { vodSessionKey } = session;
    const running = underWay.get(vodSessionKey);
    if (running !== undefined) return running;
    const commit = commitSession(ugc, session).finally(() => underWay.delete(vodSessionKey));
    underWay.set(vodSessionKey, commit);
    return commit;
  };
}

/** Returns CommitUploadUGC, which turns the uploaded files into a media, once, and throws `UgcRefusal`. */
export function createCommitUpload(
  applications: Applications<UgcDependencies>,
): (body: unknown) => Promise<Outcome> {
  const commitOnce = createSessionCommit();
  return async (body) => {
    const request = parseCommit(body);
    const { signature, ugc } = authoriseStep(applications, request.signature);
    const found = findSession(ugc, signature, request.vodSessionKey);
    const session = await commitOnce(ugc, found);
    return { data: buildCommitData(ugc, session, session.committedAt ?? 0), session };
  };
}
