/** Types of manifest: HLS and DASH. */
export const MANIFEST_TYPES = ['m3u8', 'mpd'] as const;

/** Thrown if a manifest cannot be used. */
export class ManifestError extends Error {}

/** https://www.rfc-editor.org/rfc/rfc8216: lines other than tags and comments name files, and so do some tags. */
const HLS_ATTRIBUTE = /^#EXT-X-(?:KEY|MAP|MEDIA|I-FRAME-STREAM-INF|SESSION-KEY):.*?\bURI="([^"]*)"/;
/** Names of files in a DASH manifest that lists them. */
const DASH_NAME = /<BaseURL[^>]*>([^<]*)<\/BaseURL>|\b(?:media|sourceURL)="([^"]*)"/g;

/**
 * Returns the files that a manifest names, each once, in their order.
 *
 * @throws ManifestError if `content` is not a manifest, or names a file outside of its own folder.
 */
export function parseManifest(
  content: string,
  type: (typeof MANIFEST_TYPES)[number],
): readonly string[] {
  const names = type === 'm3u8' ? listHls(content) : listDash(content);
  const foreign = names.find((name) => !isBelow(name));
  if (foreign !== undefined) throw refuse(`"${foreign}" is not in the manifest's own folder`);
  return [...new Set(names)];
}

function listHls(content: string): readonly string[] {
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  if (lines[0]?.replace(/^\uFEFF/, '') !== '#EXTM3U')
    throw refuse('it does not begin with #EXTM3U');
  return lines
    .map((line) => (line.startsWith('#') ? (HLS_ATTRIBUTE.exec(line)?.[1] ?? '') : line))
    .filter((name) => name !== '');
}

function listDash(content: string): readonly string[] {
  if (!/<MPD[\s>]/.test(content)) throw refuse('it has no MPD element');
  const names = [...content.matchAll(DASH_NAME)].map(([, base, other]) => base ?? other ?? '');
  const numbered = names.find((name) => name.includes('$'));
  if (numbered !== undefined) throw refuse(`the local emulator cannot expand "${numbered}"`);
  return names.filter((name) => name !== '');
}

function isBelow(name: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:|^\/|^\\|(?:^|\/)\.\.(?:\/|$)/i.test(name);
}

function refuse(detail: string): ManifestError {
  return new ManifestError(detail);
}
