import * as v from 'valibot';
import type { FieldError } from '../problem.ts';
import {
  classId,
  findUnknownFields,
  integer,
  isoTime,
  limitFields,
  parseFields,
  procedure,
  storageRegion,
  text,
  UPLOAD_ID,
  uploadLimits,
} from './fields.ts';
import { parseIsoTime } from './iso-time.ts';
import {
  MAX_SESSION_CONTEXT_BYTES,
  MAX_SIGNATURE_SECONDS,
  MAX_SOURCE_CONTEXT_BYTES,
  MAX_TASK_PRIORITY,
} from './limits.ts';

/** A request for an upload signature. */
export const signatureRequest = v.object({
  classId: v.optional(classId),
  procedure: v.optional(procedure),
  taskPriority: v.optional(integer(-MAX_TASK_PRIORITY, MAX_TASK_PRIORITY)),
  taskNotifyMode: v.optional(
    v.picklist(['Finish', 'Change', 'None'], 'must be Finish, Change or None'),
  ),
  sourceContext: v.optional(text(MAX_SOURCE_CONTEXT_BYTES)),
  sessionContext: v.optional(text(MAX_SESSION_CONTEXT_BYTES)),
  storageRegion: v.optional(storageRegion),
  oneTimeValid: v.optional(v.boolean('must be true or false')),
  expiresIn: v.optional(integer(1, MAX_SIGNATURE_SECONDS)),
  uploadId: v.optional(
    v.pipe(
      v.string('must be a string'),
      v.regex(
        UPLOAD_ID,
        'must be the uploadId of an earlier answer; leave it out to begin a new upload',
      ),
    ),
  ),
  mediaExpireTime: v.optional(isoTime),
  limits: v.optional(uploadLimits),
});

/** The fields of a request for an upload signature, by their names. */
export const SIGNATURE_FIELDS: object = signatureRequest.entries;

/** A request for an upload signature, checked; `mediaExpireTime` in Unix seconds. */
export type SignatureRequest = v.InferOutput<typeof signatureRequest>;

/**
 * Returns `body` as a request for an upload signature.
 *
 * @param nowSeconds Unix seconds; the media must not expire before.
 * @param ownsUpload returns whether the caller was given this `uploadId` before.
 * @throws {Problem} `invalid_request` that names every field that is wrong.
 */
export function parseSignatureRequest(
  body: unknown,
  nowSeconds: number,
  ownsUpload: (uploadId: string) => boolean,
): SignatureRequest {
  return parseFields(signatureRequest, body, (fields) => {
    const { mediaExpireTime, uploadId } = fields;
    const errors: FieldError[] = [
      ...findUnknownFields(fields, signatureRequest.entries),
      ...findUnknownFields(fields['limits'], limitFields.entries, 'limits.'),
    ];
    if (
      typeof mediaExpireTime === 'string' &&
      (parseIsoTime(mediaExpireTime) ?? Infinity) <= nowSeconds
    ) {
      errors.push({ path: 'mediaExpireTime', message: 'must be in the future' });
    }
    if (typeof uploadId === 'string' && UPLOAD_ID.test(uploadId) && !ownsUpload(uploadId)) {
      errors.push({
        path: 'uploadId',
        message: 'was not issued to this caller; leave it out to begin a new upload',
      });
    }
    return errors;
  });
}
