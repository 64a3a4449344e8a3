import { Agent } from 'node:https';
import { type Exchanged, exchange, isTransientStatus } from '../net/exchange.ts';
import { createPublicLookup } from '../net/public-lookup.ts';
import { explainCoverUrl } from '../validation/public-url.ts';

/** Result of fetching a cover; another attempt may succeed after `failed`, but not after `refused`. */
type FetchedCover =
  | { readonly kind: 'fetched'; readonly bytes: Buffer }
  | { readonly kind: 'refused' | 'failed'; readonly error: string };

/** Fetches a cover within the given number of milliseconds. It never rejects. */
export type FetchCover = (url: string, timeLimit: number) => Promise<FetchedCover>;

/**
 * Largest cover in bytes: as Base64 it is a third larger, and a call to VOD may have at most 10 MB.
 *
 * @see https://www.tencentcloud.com/document/api/608/33031
 */
export const MAX_COVER_BYTES = 5 * 1024 * 1024;

/** Longest time for a cover in milliseconds. */
const MAX_MILLISECONDS = 10_000;

/** First bytes of the images that VOD accepts as covers: https://cloud.tencent.com/document/product/266/31762. */
const BEGINNINGS = [
  // https://www.w3.org/Graphics/GIF/spec-gif89a.txt
  Buffer.from('GIF87a'),
  Buffer.from('GIF89a'),
  // https://www.w3.org/Graphics/JPEG/itu-t81.pdf
  Buffer.from([0xff, 0xd8, 0xff]),
  // https://www.w3.org/TR/png-3/#3PNGsignature
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
] as const;

/** Creates the function that fetches covers: by https from public hosts, without following redirections. */
export function createCoverFetcher(
  agent = new Agent({ lookup: createPublicLookup() }),
): FetchCover {
  return async (url, timeLimit) => {
    if (explainCoverUrl(url) !== undefined) return { kind: 'refused', error: 'cover_url_refused' };
    const fetched = describeFetched(
      await exchange({
        url,
        headers: { Accept: 'image/*' },
        agent,
        timeLimit: Math.min(timeLimit, MAX_MILLISECONDS),
        maxBytes: MAX_COVER_BYTES,
        wantsBody: (status) => status === 200,
      }),
    );
    if (fetched.kind !== 'fetched' || isImage(fetched.bytes)) return fetched;
    return { kind: 'refused', error: 'cover_no_image' };
  };
}

function isImage(bytes: Buffer): boolean {
  return BEGINNINGS.some((beginning) => bytes.subarray(0, beginning.length).equals(beginning));
}

function describeFetched(exchanged: Exchanged): FetchedCover {
  if (exchanged.kind === 'answered') return { kind: 'fetched', bytes: exchanged.body };
  const { error } = exchanged;
  if (exchanged.kind === 'cut' && error === 'unwanted') {
    const { status } = exchanged;
    return {
      kind: isTransientStatus(status) ? 'failed' : 'refused',
      error: `cover_http_${status}`,
    };
  }
  return { kind: error === 'too_large' ? 'refused' : 'failed', error: `cover_${error}` };
}
