import type { PutFileOptions } from '../put-options.ts';
import { typeOf } from './media-name.ts';
import { isMediaType, isUploadType } from './media-types.ts';
import { findNearName } from './near-name.ts';

/** What each option must be, and whether it is; without types, callers may give anything. */
const CHECKS: Readonly<
  Record<keyof PutFileOptions, readonly [string, (value: unknown) => boolean]>
> = {
  endpoint: [
    'must be a URL, "https://…", or those of the functions, { signature, uploads }',
    isEndpoint,
  ],
  token: ['must be a token, or a function that returns one', isToken],
  request: ['must be an object with fields of POST /signature', isObject],
  name: ['must be a text', isText],
  type: ['must be a text', isText],
  cover: ['must be the path or the URL of an image, such as cover.jpg', isCover],
  size: ['must be a number of bytes', (value) => Number.isSafeInteger(value) && Number(value) >= 0],
  stateFolder: ['must be the path of a folder', (value) => isText(value) && value !== ''],
  again: ['must be true or false', (value) => typeof value === 'boolean'],
  signal: ['must be an AbortSignal', (value) => value instanceof AbortSignal],
  onProgress: ['must be a function', (value) => typeof value === 'function'],
  cloudUrl: ['must be a URL, such as http://localhost:3000/__vod', isUrl],
};

/** Options that a call cannot do without. */
const NEEDED: readonly string[] = ['endpoint', 'token'] satisfies (keyof PutFileOptions)[];

/** Fields of a request, which the service checks: here a name is only compared with them. */
const FIELDS: Readonly<Record<keyof NonNullable<PutFileOptions['request']>, true>> = {
  ...{ classId: true, procedure: true, taskPriority: true, taskNotifyMode: true },
  ...{ sourceContext: true, sessionContext: true, storageRegion: true, oneTimeValid: true },
  ...{ expiresIn: true, mediaExpireTime: true, limits: true },
};

/** What is uploaded, as far as it is known before it is read. */
interface Described {
  readonly isSource: boolean;
  readonly isFile: boolean;
  readonly name: string;
  /** The empty text if it is not known. */
  readonly type: string;
}

/** Checks a call. @throws {TypeError} that says all that is wrong with it, and what would be right. */
export function checkOptions(options: PutFileOptions, described: Described): void {
  const given = Object.entries(Object(options)).filter(([, value]) => value !== undefined);
  const values = new Map(given);
  const wrong = [
    ...given.flatMap(([name]) => explainName(name)),
    ...explainFields(values.get('request')),
    ...Object.entries(CHECKS).flatMap(([name, [text, isRight]]) => {
      const isLeftOut = !values.has(name) && !NEEDED.includes(name);
      return isLeftOut || isRight(values.get(name)) ? [] : [`${name} ${text}`];
    }),
    ...explainMedia(values, described),
  ];
  if (wrong.length > 0) throw new TypeError(`putFile(): ${wrong.join('; ')}.`);
}

function explainName(name: string): readonly string[] {
  if (Object.hasOwn(CHECKS, name)) return [];
  if (Object.hasOwn(FIELDS, name)) {
    return [`${name} is not an option: it is a field of request, { request: { ${name} } }`];
  }
  const field = findNearName(name, Object.keys(FIELDS));
  const near = findNearName(name, Object.keys(CHECKS)) ?? (field && `request.${field}`);
  const hint = near ? `did you mean ${near}?` : `the options are ${Object.keys(CHECKS).join(', ')}`;
  return [`${name} is not an option; ${hint}`];
}

function explainFields(request: unknown): readonly string[] {
  const names = isObject(request) ? Object.keys(Object(request)) : [];
  return names.flatMap((name) => {
    // The service may know fields that this version does not.
    const near = Object.hasOwn(FIELDS, name) ? undefined : findNearName(name, Object.keys(FIELDS));
    return near ? [`request.${name} is not a field; did you mean request.${near}?`] : [];
  });
}

function explainMedia(
  values: ReadonlyMap<string, unknown>,
  { isSource, isFile, name, type }: Described,
): readonly string[] {
  if (!isSource) {
    return ['the source must be a path, a file: URL, bytes, a Blob or a stream of bytes'];
  }
  return [
    ...explainType(name, type),
    ...(isFile && values.has('size') ? ['size is for a stream: that of a file is known'] : []),
    ...(!isFile && values.has('stateFolder')
      ? ['stateFolder is for files: a stream cannot be continued']
      : []),
    ...(values.get('again') === true && !values.has('stateFolder')
      ? ['again needs a stateFolder: without one, nothing is known of earlier calls']
      : []),
  ];
}

function explainType(name: string, type: string): readonly string[] {
  if (name === '' || type === '') {
    return ['it needs to know name and type: { name: "film.mp4" }, or name and type'];
  }
  if (type === 'm3u8') {
    return [
      'type must not be m3u8: a signature is for one file, and a playlist needs its segments; upload it with vod-upload put --direct, or have it pulled',
    ];
  }
  if (isUploadType(type)) return [];
  return ['type must be one that VOD takes, such as mp4, mov or mp3: in lower case, without a dot'];
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value);
}

function isEndpoint(value: unknown): boolean {
  if (!isObject(value)) return isUrl(value);
  const { signature, uploads } = Object(value);
  return isUrl(signature) && (uploads === undefined || isUrl(uploads));
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'function';
}

/** Lists of image types change, but a film is no cover. */
function isCover(value: unknown): boolean {
  if (value instanceof URL && value.protocol !== 'file:') return false;
  if (!(value instanceof URL) && typeof value !== 'string') return false;
  const type = typeOf(value instanceof URL ? value.pathname : value);
  return type !== '' && !isMediaType(type);
}
