import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import { parsePullRequest } from '../../../lib/validation/pull-request.ts';
import { parseSignatureRequest } from '../../../lib/validation/signature-request.ts';

const NOW_SECONDS = Date.UTC(2026, 10, 22, 8) / 1_000;
const MEDIA = 'https://media.example.com/film.mp4';
const OWN = '01ARYZ6S410000000000000000';
const FOREIGN = '01ARYZ6S410000000000000001';

const sign = (body: unknown) =>
  parseSignatureRequest(body, NOW_SECONDS, (uploadId) => uploadId === OWN);
const pull = (body: unknown) => parsePullRequest(body, { nowSeconds: NOW_SECONDS, policy: {} });

/** Returns the messages for the fields of a body, by their paths. */
function errorsOf(body: unknown, parse: (body: unknown) => unknown = sign) {
  try {
    parse(body);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return Object.fromEntries((error.errors ?? []).map(({ path, message }) => [path, message]));
  }
  throw new Error('Nothing was refused');
}

describe('parseSignatureRequest()', () => {
  it('reads every field', () => {
    const request = {
      ...{ classId: 7, procedure: 'LongVideoPreset', taskPriority: -10, taskNotifyMode: 'Change' },
      ...{ sourceContext: '{"a":null}', sessionContext: 'x'.repeat(1_000), oneTimeValid: true },
      ...{ storageRegion: 'ap-seoul', expiresIn: 7_776_000, uploadId: OWN },
    };
    const limits = { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['MP4', 'mp4', 'Mov'] };
    const mediaExpireTime = '2026-11-22T08:00:01Z';

    expect(sign({ ...request, mediaExpireTime, limits })).toEqual({
      ...request,
      mediaExpireTime: NOW_SECONDS + 1,
      limits: { ...limits, mediaTypes: ['mp4', 'mov'] },
    });
  });

  it.each(['Finish', 'Change', 'None'])('accepts the mode %s', (taskNotifyMode) => {
    expect(sign({ taskNotifyMode })).toEqual({ taskNotifyMode });
  });

  const NOT_AN_ID = 'must be the uploadId of an earlier answer; leave it out to begin a new upload';
  const HALF = 'must be well-formed Unicode; it has half of a surrogate pair';
  const NO_TIME = 'must be a time that exists, of a year from 1970 to 9999';
  const NO_LIST = 'must be a list of file name extensions, such as ["mp4", "mov"]';
  const NO_FIELD = 'is not a field here; the fields are';
  const FIELDS =
    'classId, procedure, taskPriority, taskNotifyMode, sourceContext, sessionContext, storageRegion, oneTimeValid, expiresIn, uploadId, mediaExpireTime, limits';

  it.each<readonly [path: string, value: unknown, message: string]>([
    ['classId', -1, 'must be a whole number from 0 to 2147483647'],
    ['classId', 1.5, 'must be a whole number from 0 to 2147483647'],
    ['classId', true, 'must be a whole number from 0 to 2147483647'],
    ['classId', '7', 'must be a whole number from 0 to 2147483647, without quotes'],
    ['procedure', '', 'must not be empty; leave it out instead'],
    ['procedure', 5, 'must be a string'],
    ['procedure', 'x'.repeat(129), 'must have at most 128 bytes in UTF-8; it has 129'],
    ['taskPriority', 11, 'must be a whole number from -10 to 10'],
    ['taskPriority', -11, 'must be a whole number from -10 to 10'],
    ['taskNotifyMode', 'finish', 'must be Finish, Change or None'],
    ['sourceContext', 'x'.repeat(251), 'must have at most 250 bytes in UTF-8; it has 251'],
    ['sourceContext', '한'.repeat(84), 'must have at most 250 bytes in UTF-8; it has 252'],
    ['sourceContext', 'half \ud83c', HALF],
    ['sourceContext', { a: 1 }, 'must be a string: write an object as JSON text'],
    ['sessionContext', 'x'.repeat(1_001), 'must have at most 1000 bytes in UTF-8; it has 1001'],
    ['storageRegion', 7, 'must be a string'],
    ['storageRegion', 'mars', 'must be the short name of a storage region, such as ap-singapore'],
    ['storageRegion', 'ap-singapor', 'is not a storage region; did you mean ap-singapore?'],
    ['oneTimeValid', 1, 'must be true or false'],
    ['oneTimeValid', 'true', 'must be true or false'],
    ['expiresIn', 0, 'must be a whole number from 1 to 7776000'],
    ['expiresIn', 7_776_001, 'must be a whole number from 1 to 7776000'],
    ['expiresIn', 0.5, 'must be a whole number from 1 to 7776000'],
    ['expiresIn', '3600', 'must be a whole number from 1 to 7776000, without quotes'],
    ['uploadId', [FOREIGN], 'must be a string'],
    ['uploadId', FOREIGN, 'was not issued to this caller; leave it out to begin a new upload'],
    ...['', 'x', `8${OWN.slice(1)}`, `${OWN}0`, `0${OWN}`, OWN.slice(1), OWN.toLowerCase()].map(
      (uploadId) => ['uploadId', uploadId, NOT_AN_ID] as const,
    ),
    ['mediaExpireTime', '2026-11-22T08:00:00Z', 'must be in the future'],
    ['mediaExpireTime', '2027-02-30T00:00:00Z', NO_TIME],
    ['mediaExpireTime', ['2026-11-22T08:00:00Z'], 'must be a string, such as 2099-01-01T00:00:00Z'],
    ['mediaExpireTime', 1_800_000_000, 'must be a string, such as 2099-01-01T00:00:00Z'],
    ['limits', [], 'must be a JSON object'],
    ['limits', 'none', 'must be a JSON object'],
    ['limits.maxBytes', 0, 'must be a whole number from 1 to 53687091200000'],
    ['limits.maxBytes', 50_000 * 1024 ** 3 + 1, 'must be a whole number from 1 to 53687091200000'],
    ['limits.maxSeconds', -1, 'must be a whole number from 1 to 9007199254740991'],
    ['limits.mediaTypes', [], 'must name at least one type; leave it out instead'],
    ['limits.mediaTypes', 'mp4', NO_LIST],
    ['limits.mediaTypes.1', ['mp4', 4], 'must be a string'],
    ['limits.colour', 'red', `${NO_FIELD} maxBytes, maxSeconds, mediaTypes`],
    ...['colour', '__proto__', 'constructor', 'expireTime'].map(
      (name) => [name, 1, `${NO_FIELD} ${FIELDS}`] as const,
    ),
    ['ClassId', 7, 'is not a field here; did you mean classId?'],
    ['class_id', 7, 'is not a field here; did you mean classId?'],
    ['storage-region', '', 'is not a field here; did you mean storageRegion?'],
    ['sourceContex', '', 'is not a field here; did you mean sourceContext?'],
  ])('explains a wrong %s, such as %j', (path, value, message) => {
    const [first = '', second] = path.split('.');
    // Parsed from JSON, since `__proto__` is not an ordinary member of a literal.
    const field = JSON.stringify(second === undefined ? value : { [second]: value });

    expect(errorsOf(JSON.parse(`{${JSON.stringify(first)}:${field}}`))).toEqual({
      [path]: message,
    });
  });

  it("suggests this function's name for a priority", () => {
    expect(errorsOf({ mediaUrl: MEDIA, taskPriority: 1 }, pull)).toEqual({
      taskPriority: 'is not a field here; did you mean tasksPriority?',
    });
  });
});

describe('a media type', () => {
  it.each([
    ['video/mp4', 'mp4'],
    ['VIDEO/MP4', 'mp4'],
    ['video/webm;codecs=vp9,opus', 'webm'],
    ['video/quicktime', 'mov'],
    ['video/x-matroska', 'mkv'],
    ['video/x-msvideo', 'avi'],
    ['video/3gpp', '3gp'],
    ['video/mp2t', 'ts'],
    ['video/x-ms-wmv', 'wmv'],
    ['audio/mpeg', 'mp3'],
    ['audio/mp4', 'm4a'],
    ['audio/x-wav', 'wav'],
    ['application/vnd.apple.mpegurl', 'm3u8'],
    ['.mp4', 'mp4'],
    ['*.mov', 'mov'],
    [' mp4 ', 'mp4'],
  ])('in the notation %j is refused with the extension to use', (type, meant) => {
    const message = `must be a file name extension without its dot; did you mean ${meant}?`;
    const limits = { mediaTypes: ['mp4', type] };

    expect(errorsOf({ limits })).toEqual({ 'limits.mediaTypes.1': message });
    expect(errorsOf({ mediaUrl: MEDIA, mediaType: type, limits }, pull)).toEqual({
      'limits.mediaTypes.1': message,
      mediaType: message,
    });
  });

  it.each([
    'video/*',
    'video/mx-p4',
    'application/octet-stream',
    'png',
    '',
    'constructor',
    '__proto__',
    '/',
    '.',
  ])('that VOD does not accept, %j, is refused with the list of types', (type) => {
    expect(errorsOf({ limits: { mediaTypes: [type] } })).toEqual({
      'limits.mediaTypes.0': expect.stringMatching(/^must be a type that VOD accepts: wmv, .*amr$/),
    });
  });
});
