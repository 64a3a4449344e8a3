/** Most pulls in one request. */
export const MAX_PULLS = 1_000;

/** Returns the URLs in `text`, one per line. */
export function readLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

/** The part of a URL that may be shown: its query can have a signature, and the text before its host a password. */
export interface ShownAddress {
  readonly host: string;
  /** The path, with "?…" if a query follows it. */
  readonly path: string;
}

const PARTS = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)([^?#]*)([?#]?)/i;

/** Returns the part of `url` to show; any text is accepted. */
export function shortenAddress(url: string): ShownAddress {
  const [, scheme = '', authority = '', path = '', mark = ''] = PARTS.exec(url) ?? [];
  const at = authority.lastIndexOf('@');
  // The scheme is shown only if it is not http or https.
  const shownScheme = /^https?:/i.test(scheme) ? '' : scheme;
  const host = `${shownScheme}${at < 0 ? authority : `…${authority.slice(at)}`}`;
  return { host, path: mark === '' ? path : `${path}${mark}…` };
}
