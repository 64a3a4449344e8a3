import type { WithLedger } from '../ledger/lazy-ledger.ts';
import { uploadPruned } from '../model/pruned-upload.ts';
import type { Upload } from '../model/upload.ts';
import { Problem } from '../problem.ts';
import { UPLOAD_ID } from '../validation/fields.ts';
import { formatIsoTime } from '../validation/iso-time.ts';

/** Fields that are Unix milliseconds in the ledger. */
type Time = 'mediaExpireTime' | 'createdAt' | 'updatedAt' | 'expiresAt';

/** An upload in answers and messages: times are ISO 8601. */
export interface UploadView extends Omit<Upload, Time> {
  /** When VOD deletes the media. */
  readonly mediaExpireTime?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the permission to upload ends. */
  readonly expiresAt?: string | undefined;
}

/** Returns `upload` in the form for answers and messages; unknown fields are left out. */
export function viewUpload(upload: Upload): UploadView {
  const { createdAt, updatedAt, expiresAt, mediaExpireTime, ...fields } = upload;
  return {
    ...fields,
    ...(mediaExpireTime === undefined ? {} : { mediaExpireTime: formatSeconds(mediaExpireTime) }),
    createdAt: formatMilliseconds(createdAt),
    updatedAt: formatMilliseconds(updatedAt),
    ...(expiresAt === undefined ? {} : { expiresAt: formatSeconds(expiresAt) }),
  };
}

/** Returns a time of the ledger, in Unix milliseconds, in the form for answers and messages. */
export function formatMilliseconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Times that VOD and signatures have in whole seconds are written without a fraction, as in every other answer. */
function formatSeconds(milliseconds: number): string {
  return formatIsoTime(milliseconds / 1_000);
}

/** Which uploads a caller sees. */
interface Visibility {
  /** Those of this owner; undefined: those of all. */
  readonly owner: string | undefined;
  /** Of these, those in this application; undefined: in all. */
  readonly subAppId: number | undefined;
}

/**
 * Returns the upload if the caller may see it; for any other caller it does not exist.
 *
 * @throws {Problem} `upload_pruned` if the caller might have seen it, else `not_found`.
 */
export async function findVisibleUpload(
  uploadId: string,
  { owner, subAppId }: Visibility,
  ledger: WithLedger,
): Promise<Upload> {
  if (!UPLOAD_ID.test(uploadId)) {
    throw notFound(
      'There is no upload with this id: an uploadId has 26 digits and capital letters, such as 01M817BHKVC70379HNNTTY6AVN.',
    );
  }
  const isVisible = (upload: Pick<Upload, 'owner' | 'subAppId'>) =>
    (owner === undefined || upload.owner === owner) &&
    (subAppId === undefined || upload.subAppId === subAppId);
  const upload = await ledger((each) => each.findUpload(uploadId));
  if (upload !== undefined && isVisible(upload)) return upload;
  const pruned =
    upload === undefined ? await ledger((each) => each.findPrunedUpload(uploadId)) : undefined;
  if (pruned !== undefined && isVisible(pruned)) throw uploadPruned(pruned);
  throw notFound('There is no upload with this id.');
}

function notFound(detail: string): Problem {
  return new Problem(detail, { code: 'not_found' });
}
