/** The most that one request may ask for. */
export const MAX_PULLS = 1_000;

/** Returns the URLs that `text` has, one a line. */
export function readLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

/** A URL as it may be shown: its query can hold a signature, and what is before its host a password. */
export interface ShownAddress {
  readonly host: string;
  /** The path, with "?…" where a query follows it. */
  readonly path: string;
}

const PARTS = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)([^?#]*)([?#]?)/i;

/** Returns what to show of `url`, which need not be one. */
export function shortenAddress(url: string): ShownAddress {
  const [, scheme = '', authority = '', path = '', mark = ''] = PARTS.exec(url) ?? [];
  const at = authority.lastIndexOf('@');
  // Only where it is not the usual one does the scheme tell anything.
  const shownScheme = /^https?:/i.test(scheme) ? '' : scheme;
  const host = `${shownScheme}${at < 0 ? authority : `…${authority.slice(at)}`}`;
  return { host, path: mark === '' ? path : `${path}${mark}…` };
}
