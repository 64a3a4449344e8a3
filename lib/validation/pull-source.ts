import type { FieldError } from '../problem.ts';
import type { CheckedFields, RawFields } from './fields.ts';
import { defined, isJsonObject } from './json-object.ts';
import {
  COVER_TYPE_LIST,
  explainMediaType,
  isCoverType,
  isDashType,
  isMediaType,
  MEDIA_TYPE_LIST,
} from './media-type.ts';
import { checkPublicUrl, type MediaUrl, type UrlPolicy } from './public-url.ts';

/** What VOD is to fetch. */
export interface PullSource {
  /** Normalised. */
  readonly mediaUrl: string;
  /** File name extension in lower case: the one in the request, or else that of the URL's path. */
  readonly mediaType: string;
  /** Normalised. */
  readonly coverUrl?: string | undefined;
}

const NO_DASH =
  'must not be a DASH manifest (mpd), which VOD does not pull; it does pull HLS (m3u8)';

/**
 * Returns the URLs and the media type in `fields`, or what is wrong with them. A field that is not a text counts as
 * absent here.
 */
export function checkPullSource(fields: RawFields, policy: UrlPolicy): CheckedFields<PullSource> {
  const media = checkUrl(fields, 'mediaUrl', policy);
  const cover = checkUrl(fields, 'coverUrl', policy);
  const type = checkType(fields, media.url);
  const errors = [...media.errors, ...checkCover(cover), ...type.errors];
  if (media.url === undefined || type.mediaType === undefined || errors.length > 0) {
    return { errors };
  }
  return {
    output: {
      mediaUrl: media.url.href,
      mediaType: type.mediaType,
      ...defined({ coverUrl: cover.url?.href }),
    },
  };
}

interface CheckedUrl {
  readonly url?: MediaUrl;
  readonly errors: readonly FieldError[];
}

function checkUrl(fields: RawFields, path: string, policy: UrlPolicy): CheckedUrl {
  const text = fields[path];
  if (typeof text !== 'string') return { errors: [] };
  const verdict = checkPublicUrl(text, policy);
  return 'reason' in verdict
    ? { errors: [{ path, message: verdict.reason }] }
    : { url: verdict, errors: [] };
}

function checkCover({ url, errors }: CheckedUrl): readonly FieldError[] {
  if (url === undefined || url.extension === '' || isCoverType(url.extension)) return errors;
  return [
    {
      path: 'coverUrl',
      message: `must end in a type that a pull accepts for covers, or in none: ${COVER_TYPE_LIST}`,
    },
  ];
}

interface CheckedType {
  readonly mediaType?: string;
  readonly errors: readonly FieldError[];
}

function checkType(fields: RawFields, url: MediaUrl | undefined): CheckedType {
  // Naming another type does not change the format of a manifest.
  if (isDashType(url?.extension ?? '')) return refuse('mediaUrl', NO_DASH);
  const named = fields['mediaType'];
  if (typeof named !== 'string') return checkExtension(fields, url);

  const mediaType = named.toLowerCase();
  if (isDashType(mediaType)) return refuse('mediaType', NO_DASH);
  const message = explainMediaType(mediaType);
  return message === undefined ? checkLimit(fields, mediaType) : refuse('mediaType', message);
}

function checkExtension(fields: RawFields, url: MediaUrl | undefined): CheckedType {
  if (url === undefined || fields['mediaType'] !== undefined) return { errors: [] };
  if (isMediaType(url.extension)) return checkLimit(fields, url.extension);
  const what =
    url.extension === ''
      ? 'the path of mediaUrl has no extension'
      : 'the path of mediaUrl ends in another extension';
  return refuse('mediaType', `must name the type of the media, since ${what}: ${MEDIA_TYPE_LIST}`);
}

/** Refuses a request that contradicts its own limits: its file would be fetched only to be deleted. */
function checkLimit(fields: RawFields, mediaType: string): CheckedType {
  const limits = fields['limits'];
  const allowed = isJsonObject(limits) ? limits['mediaTypes'] : undefined;
  // An invalid list is reported elsewhere, and cannot decide about the type.
  const types: readonly unknown[] = Array.isArray(allowed) ? allowed : [];
  const names = types.map((type) => (typeof type === 'string' ? type.toLowerCase() : ''));
  if (names.length === 0 || !names.every(isMediaType) || names.includes(mediaType)) {
    return { mediaType, errors: [] };
  }
  return refuse(
    'mediaType',
    `must be one of limits.mediaTypes; it is ${mediaType} by name or by mediaUrl`,
  );
}

function refuse(path: string, message: string): CheckedType {
  return { errors: [{ path, message }] };
}
