import * as v from 'valibot';
import { urlOf } from '../new-media.ts';
import type { UploadFile, UploadSession } from '../state.ts';
import { nameOf } from '../stored-bytes.ts';
import { issueGrant } from '../ugc/credentials.ts';
import { bucketOf, secondsOf } from '../ugc/dependencies.ts';
import { newFileId, newObjectName, newSessionKey } from '../ugc/identifiers.ts';
import { categoryOf, isImageType } from '../ugc/media-types.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import {
  application,
  flow,
  givenText,
  integer,
  readExpireTime,
  sourceContext,
} from './parameters.ts';
import type { ApiServices } from './services.ts';

/** Lifetime of a client upload's session; that a server's is the same is our guess. */
const SESSION_SECONDS = 86_400;

const type = v.pipe(v.string(), v.toLowerCase());

/**
 * https://cloud.tencent.com/document/product/266/31767. The credentials are for the whole folder of the media, because
 * the segments of a playlist are uploaded to the same folder.
 */
export const applyUpload = defineAction({
  entries: {
    ...application,
    MediaType: type,
    MediaName: v.optional(v.string()),
    CoverType: v.optional(type),
    Procedure: v.optional(v.string()),
    ExpireTime: v.optional(v.string()),
    StorageRegion: v.optional(v.string()),
    ClassId: v.optional(v.pipe(integer, v.minValue(0)), 0),
    SourceContext: v.optional(sourceContext),
    SessionContext: v.optional(flow.sessionContext),
    ExtInfo: v.optional(v.string()),
    MediaStoragePath: v.optional(v.string()),
  },
  async perform(api, input) {
    const coverType = givenText(input.CoverType);
    refuseTypes(input.MediaType, coverType);
    refuseStoragePath(input.MediaStoragePath);
    refuseUnknownNames(api, { classId: input.ClassId, procedure: input.Procedure });
    const fileId = newFileId();
    const folder = `/${api.account.storageBucket}/${fileId}`;
    const build = (
      id: string,
      objectName: string,
      extension: string,
      name: string,
    ): UploadFile => ({
      ...{ id, name, type: extension, size: null },
      path: `${folder}/${objectName}.${extension}`,
    });
    const coverId = newFileId();
    const session: UploadSession = {
      ...{ vodSessionKey: newSessionKey(), fileId, classId: input.ClassId },
      storageRegion: chooseRegion(api, givenText(input.StorageRegion)),
      expiresAt: secondsOf(api.now) + SESSION_SECONDS,
      committedAt: null,
      video: build(fileId, newObjectName(), input.MediaType, input.MediaName ?? ''),
      cover: coverType === undefined ? null : build(coverId, coverId, coverType, ''),
      mediaExpireTime: readExpireTime(api, input.ExpireTime, 'InvalidParameter.ExpireTime'),
      procedure: givenText(input.Procedure) ?? null,
      ...{ taskPriority: 0, taskNotifyMode: 'Finish' },
      sourceContext: input.SourceContext ?? null,
      sessionContext: input.SessionContext ?? null,
    };
    api.state.sessions.set(session.vodSessionKey, session);
    const grant = issueGrant(api, session);
    await api.state.save();
    return {
      StorageBucket: bucketOf(api.account),
      StorageRegion: session.storageRegion,
      VodSessionKey: session.vodSessionKey,
      MediaStoragePath: session.video?.path ?? '',
      CoverStoragePath: session.cover?.path ?? '',
      TempCertificate: {
        SecretId: grant.secretId,
        SecretKey: grant.secretKey,
        Token: grant.token,
        ExpiredTime: grant.expiresAt,
      },
    };
  },
});

/** https://cloud.tencent.com/document/product/266/31766; a repeated request gets the same answer. */
export const commitUpload = defineAction({
  entries: { ...application, VodSessionKey: v.string() },
  codes: { VodSessionKey: 'InvalidParameterValue.VodSessionKey' },
  async perform(api, { VodSessionKey }) {
    const session = api.state.sessions.get(VodSessionKey);
    if (session === undefined || session.expiresAt < secondsOf(api.now)) {
      throw apiError(
        'InvalidParameterValue.VodSessionKey',
        'VodSessionKey is not known, or its 24 hours are over',
      );
    }
    const { fileId, video, cover } = session;
    if (session.committedAt === null) {
      await demandStored(api, video);
      await demandStored(api, cover);
      await api.commitSession(session);
    }
    return {
      FileId: fileId,
      MediaUrl: video === null ? '' : urlOf(api, video.path),
      CoverUrl: cover === null ? '' : urlOf(api, cover.path),
    };
  },
});

/** The texts are those of the real API, which the suites of the vendor's server SDKs compare as a whole. */
function refuseTypes(mediaType: string, coverType: string | undefined): void {
  // The server SDKs upload DASH manifests, which are on no list of media.
  if (mediaType !== 'mpd' && categoryOf(mediaType) === undefined) {
    throw apiError('InvalidParameterValue.MediaType', 'invalid media type');
  }
  if (coverType !== undefined && !isImageType(coverType)) {
    throw apiError('InvalidParameterValue.CoverType', 'invalid cover type');
  }
}

/** Only applications in another mode, `FileID + Path`, can choose paths. */
export function refuseStoragePath(path: string | undefined): void {
  if (path === undefined || path === '') return;
  throw apiError(
    'InvalidParameterValue.MediaStoragePath',
    'MediaStoragePath is for applications in the mode FileID + Path',
  );
}

/** The page of no action has a code for these. */
export function refuseUnknownNames(
  { names }: Pick<ApiServices, 'names'>,
  { classId, procedure }: { readonly classId: number; readonly procedure: string | undefined },
): void {
  const why = names.explainRefusal({ classId, procedure: givenText(procedure) ?? null });
  if (why !== undefined) throw apiError('InvalidParameterValue', why);
}

function chooseRegion({ account }: ApiServices, region: string | undefined): string {
  if (region === undefined) return account.nearestRegion;
  if (account.regions.includes(region)) return region;
  throw apiError('InvalidParameterValue', `StorageRegion: ${region} is not opened`);
}

async function demandStored(api: ApiServices, file: UploadFile | null): Promise<void> {
  if (file === null) return;
  const object = await api.objects.find(nameOf(api.account, file.path));
  if (object === undefined) throw apiError('ResourceNotFound', `${file.path} is not uploaded`);
}
