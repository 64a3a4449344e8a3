import type { IncomingMessage } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { createPublicLookup } from '../net/public-lookup.ts';
import { explainCoverUrl } from '../validation/cover-url.ts';

/** What fetching a cover came to; another try may help where it `failed`, and not where it was `refused`. */
type FetchedCover =
  | { readonly kind: 'fetched'; readonly bytes: Buffer }
  | { readonly kind: 'refused' | 'failed'; readonly error: string };

/** Fetches a cover within the given number of milliseconds. It never rejects. */
export type FetchCover = (url: string, timeLimit: number) => Promise<FetchedCover>;

/**
 * Largest cover in bytes: as Base64 it takes a third more, and a call to VOD has 10 MB at most.
 *
 * @see https://www.tencentcloud.com/document/api/608/33031
 */
export const MAX_COVER_BYTES = 5 * 1024 * 1024;

/** Longest time for a cover in milliseconds. */
const MAX_MILLISECONDS = 10_000;

/** By what an image begins that VOD takes for a cover: https://cloud.tencent.com/document/product/266/31762. */
const BEGINNINGS = [
  // https://www.w3.org/Graphics/GIF/spec-gif89a.txt
  Buffer.from('GIF87a'),
  Buffer.from('GIF89a'),
  // https://www.w3.org/Graphics/JPEG/itu-t81.pdf
  Buffer.from([0xff, 0xd8, 0xff]),
  // https://www.w3.org/TR/png-3/#3PNGsignature
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
] as const;

/** Returns an agent that connects to addresses on the public internet alone, whatever a name leads to. */
function createPublicAgent(): Agent {
  return new Agent({ lookup: createPublicLookup() });
}

/** Returns how covers are fetched: by https from public hosts, and from nowhere that one of these leads on to. */
export function createCoverFetcher(agent = createPublicAgent()): FetchCover {
  return async (url, timeLimit) => {
    if (explainCoverUrl(url) !== undefined) return { kind: 'refused', error: 'cover_url_refused' };
    const fetched = await fetchBytes(url, agent, Math.min(timeLimit, MAX_MILLISECONDS));
    if (fetched.kind !== 'fetched' || isImage(fetched.bytes)) return fetched;
    return { kind: 'refused', error: 'cover_no_image' };
  };
}

function isImage(bytes: Buffer): boolean {
  return BEGINNINGS.some((beginning) => bytes.subarray(0, beginning.length).equals(beginning));
}

function fetchBytes(url: string, agent: Agent, timeLimit: number): Promise<FetchedCover> {
  return new Promise((resolve) => {
    const request = requestHttps(url, { agent, headers: { Accept: 'image/*' } });
    const end = (fetched: FetchedCover) => {
      clearTimeout(timer);
      resolve(fetched);
      request.destroy();
    };
    const fail = (error: NodeJS.ErrnoException) =>
      end({ kind: 'failed', error: `cover_${error.code ?? 'network'}` });
    const timer = setTimeout(() => end({ kind: 'failed', error: 'cover_timeout' }), timeLimit);
    request.on('error', fail);
    request.on('response', (response) => {
      const refusal = explainAnswer(response);
      if (refusal !== undefined) return end(refusal);
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_COVER_BYTES) end(TOO_LARGE);
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => end({ kind: 'fetched', bytes: Buffer.concat(chunks) }));
    });
    request.end();
  });
}

const TOO_LARGE = { kind: 'refused', error: 'cover_too_large' } as const;

/** Statuses of a server that may have another answer later: https://www.rfc-editor.org/rfc/rfc9110#section-15. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

function explainAnswer({ statusCode = 0, headers }: IncomingMessage): FetchedCover | undefined {
  if (statusCode >= 500 || LATER.has(statusCode)) {
    return { kind: 'failed', error: `cover_http_${statusCode}` };
  }
  if (statusCode !== 200) return { kind: 'refused', error: `cover_http_${statusCode}` };
  return Number(headers['content-length'] ?? 0) > MAX_COVER_BYTES ? TOO_LARGE : undefined;
}
