import { checkMediaUrl } from './media-url.ts';

/**
 * Returns what is wrong with `text` as the URL of a cover that this service itself fetches, or undefined where nothing
 * is. Nobody signs for what comes by http, so it must be https.
 */
export function explainCoverUrl(text: string): string | undefined {
  const checked = checkMediaUrl(text, {});
  if ('reason' in checked) return checked.reason;
  return checked.href.startsWith('https:') ? undefined : 'must begin with https://';
}
