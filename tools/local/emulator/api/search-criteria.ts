import type { Media, State } from '../state.ts';
import { givenText } from './parameters.ts';
import type { MediaSearch } from './search-parameters.ts';

type TimeRange = MediaSearch['CreateTime'];

/** The same for all media of this account: nothing is archived, forbidden or reviewed here. */
const STORAGE_CLASS = 'STANDARD';
const STATUS = 'Normal';
const REVIEW_RESULT = 'notModerated';

/**
 * Returns the media that match all criteria of a search, newest first, or the best match first if the search is for
 * words.
 */
export function findMedia(
  state: Pick<State, 'media' | 'classes'>,
  search: MediaSearch,
  now: Date,
): readonly Media[] {
  const classes = gatherClasses(state, search.ClassIds);
  const found = [...state.media.values()]
    .reverse()
    .filter(
      (media) =>
        Date.parse(media.expireTime) > now.getTime() &&
        fitsSets(media, search, classes) &&
        fitsAccount(search) &&
        fitsSource(media, search) &&
        fitsTimes(media, search) &&
        (!isNamed(search) || countMatches(media, search) > 0),
    )
    .sort((left, right) => Date.parse(right.createTime) - Date.parse(left.createTime));
  if (!isNamed(search)) return found;
  return found.sort((left, right) => countMatches(right, search) - countMatches(left, search));
}

/** Returns whether a search is for words; its results are ordered by how well they match. */
export function isNamed({ Names, Descriptions, Text }: MediaSearch): boolean {
  return Names.length > 0 || Descriptions.length > 0 || givenText(Text) !== undefined;
}

function isAmong<Item>(set: readonly Item[], ...values: readonly Item[]): boolean {
  return set.length === 0 || values.some((value) => set.includes(value));
}

function fitsSets(media: Media, search: MediaSearch, classes: readonly number[]): boolean {
  const { NamePrefixes } = search;
  return (
    isAmong(search.FileIds, media.fileId) &&
    (NamePrefixes.length === 0 || NamePrefixes.some((prefix) => media.name.startsWith(prefix))) &&
    isAmong(classes, media.classId) &&
    isAmong(search.Tags, ...media.tags) &&
    isAmong(search.Categories, media.category) &&
    isAmong(search.StorageRegions, media.storageRegion) &&
    isAmong(search.MediaTypes, media.type)
  );
}

/** Returns whether the criteria match what is the same for all media here. */
function fitsAccount(search: MediaSearch): boolean {
  return (
    isAmong(search.StorageClasses, STORAGE_CLASS) &&
    isAmong(search.Status, STATUS) &&
    isAmong(search.ReviewResults, REVIEW_RESULT) &&
    search.KnowledgeBases.length === 0
  );
}

/** Criteria for streams and rooms match only recordings. */
function fitsSource({ recording }: Media, search: MediaSearch): boolean {
  const sourceType = recording?.sourceType ?? 'Upload';
  const live = recording?.sourceType === 'Record' ? recording : undefined;
  const trtc = recording?.sourceType === 'TrtcRecord' ? recording : undefined;
  const { StreamIds, StreamDomains, StreamPaths, TrtcSdkAppIds, TrtcRoomIds } = search;
  return (
    isAmong(search.SourceTypes, sourceType) &&
    (givenText(search.SourceType) ?? sourceType) === sourceType &&
    (givenText(search.StreamId) ?? live?.streamId) === live?.streamId &&
    isAmong<string | undefined>(StreamIds, live?.streamId) &&
    isAmong<string | undefined>(StreamDomains, live?.domain) &&
    isAmong<string | undefined>(StreamPaths, live?.path) &&
    isAmong<number | undefined>(TrtcSdkAppIds, trtc?.sdkAppId) &&
    isAmong<string | undefined>(TrtcRoomIds, trtc?.roomId)
  );
}

function fitsTimes(media: Media, search: MediaSearch): boolean {
  const { CreateTime, ExpireTime, StartTime, EndTime } = search;
  const created = Date.parse(media.createTime);
  return (
    fitsRange(created, CreateTime) &&
    fitsRange(Date.parse(media.expireTime), ExpireTime) &&
    // The newer pair of parameters overrides the older one, which does not include its end.
    (StartTime === undefined || CreateTime?.After !== undefined || created >= timeOf(StartTime)) &&
    (EndTime === undefined || CreateTime?.Before !== undefined || created < timeOf(EndTime))
  );
}

/** Both ends belong to the range. This is the documentation of the parameters; that of their type differs. */
function fitsRange(time: number, range: TimeRange): boolean {
  if (range === undefined) return true;
  const { After, Before } = range;
  return (
    (After === undefined || time >= timeOf(After)) &&
    (Before === undefined || time <= timeOf(Before))
  );
}

function timeOf(text: string): number {
  return Date.parse(text);
}

/** Returns the named categories and all their descendants. */
function gatherClasses(
  { classes }: Pick<State, 'classes'>,
  named: readonly number[],
): readonly number[] {
  const gathered = new Set(named);
  // A category is created after its parent, so one round finds them all.
  for (const { classId, parentId } of classes.values()) {
    if (gathered.has(parentId)) gathered.add(classId);
  }
  return [...gathered];
}

/** Returns how many of the words of a search a media has; 0 if one of the sets has no match. */
function countMatches(media: Media, { Names, Descriptions, Text }: MediaSearch): number {
  const has = (text: string, word: string) => text.toLowerCase().includes(word.toLowerCase());
  const names = Names.filter((word) => has(media.name, word)).length;
  const descriptions = Descriptions.filter((word) => has(media.description, word)).length;
  const words = (givenText(Text) ?? '').split(/\s+/).filter(Boolean);
  const texts = words.filter((word) => has(`${media.name} ${media.description}`, word)).length;
  const misses =
    (Names.length > 0 && names === 0) ||
    (Descriptions.length > 0 && descriptions === 0) ||
    (words.length > 0 && texts === 0);
  return misses ? 0 : names + descriptions + texts;
}
