import type { MediaIndex } from '../media-index.ts';
import type { Media, State } from '../state.ts';
import { givenText } from './parameters.ts';
import type { MediaSearch } from './search-parameters.ts';

type TimeRange = MediaSearch['CreateTime'];

/** The same for all media of this account: nothing is archived, forbidden or reviewed here. */
const STORAGE_CLASS = 'STANDARD';
const STATUS = 'Normal';
const REVIEW_RESULT = 'notModerated';

/** The media and categories of an application. */
interface SearchedMedia {
  readonly state: Pick<State, 'classes'>;
  readonly mediaIndex: MediaIndex;
}

/**
 * Returns up to `most` media that match all criteria of a search: newest first or as it wants them sorted, or the best
 * match first if it is for words. Only a search for words looks at all media of its time; others end when they have
 * enough.
 */
export function findMedia(
  searched: SearchedMedia,
  search: MediaSearch,
  now: Date,
  most: number,
): readonly Media[] {
  const classes = new Set(gatherClasses(searched.state, search.ClassIds));
  const fits = (media: Media) =>
    Date.parse(media.expireTime) > now.getTime() &&
    fitsSets(media, search, classes) &&
    fitsSource(media, search) &&
    fitsTimes(media, search);
  if (!fitsAccount(search)) return [];
  const candidates = chooseCandidates(searched, search);
  return isNamed(search)
    ? findBest(candidates, search, fits, most)
    : takeFirst(candidates, fits, most);
}

function takeFirst(
  candidates: Iterable<Media>,
  fits: (media: Media) => boolean,
  most: number,
): readonly Media[] {
  const found: Media[] = [];
  for (const media of candidates) {
    if (!fits(media)) continue;
    found.push(media);
    if (found.length === most) break;
  }
  return found;
}

/** Returns what matches best first. The order of candidates decides between equal matches. */
function findBest(
  candidates: Iterable<Media>,
  search: MediaSearch,
  fits: (media: Media) => boolean,
  most: number,
): readonly Media[] {
  const count = createMatchCounter(search);
  const found: { readonly media: Media; readonly matches: number }[] = [];
  for (const media of candidates) {
    const matches = count(media);
    if (matches > 0 && fits(media)) found.push({ media, matches });
  }
  return found
    .sort((left, right) => right.matches - left.matches)
    .slice(0, most)
    .map(({ media }) => media);
}

/** Returns all media that the ids or the times of a search leave, in the order that it wants. */
function chooseCandidates({ mediaIndex }: SearchedMedia, search: MediaSearch): Iterable<Media> {
  // With words to match, Sort has no effect: the best matches are first.
  const isAscending = !isNamed(search) && search.Sort?.Order === 'Asc';
  const order = isAscending ? 'oldest first' : 'newest first';
  if (search.FileIds.length > 0) return mediaIndex.pick(order, search.FileIds);
  const { CreateTime, StartTime, EndTime } = search;
  const after = CreateTime?.After ?? StartTime;
  const before = CreateTime?.Before ?? EndTime;
  return mediaIndex.list(order, timeIn(after), timeIn(before));
}

/** Returns whether a search is for words; its results are ordered by how well they match. */
function isNamed({ Names, Descriptions, Text }: MediaSearch): boolean {
  return Names.length > 0 || Descriptions.length > 0 || givenText(Text) !== undefined;
}

function isAmong<Item>(set: readonly Item[], ...values: readonly Item[]): boolean {
  return set.length === 0 || values.some((value) => set.includes(value));
}

function fitsSets(media: Media, search: MediaSearch, classes: ReadonlySet<number>): boolean {
  const { NamePrefixes } = search;
  return (
    (NamePrefixes.length === 0 || NamePrefixes.some((prefix) => media.name.startsWith(prefix))) &&
    (classes.size === 0 || classes.has(media.classId)) &&
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

function timeIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : timeOf(text);
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

/** Returns the function that counts the words of a search in a media; 0 if one of the sets has no match. */
function createMatchCounter({ Names, Descriptions, Text }: MediaSearch): (media: Media) => number {
  const names = lowerCase(Names);
  const descriptions = lowerCase(Descriptions);
  const words = lowerCase((givenText(Text) ?? '').split(/\s+/).filter(Boolean));
  return (media) => {
    const name = media.name.toLowerCase();
    const description = media.description.toLowerCase();
    const sets = [
      [names, name],
      [descriptions, description],
      [words, `${name} ${description}`],
    ] as const;
    let matches = 0;
    for (const [wanted, text] of sets) {
      const found = wanted.filter((word) => text.includes(word)).length;
      if (wanted.length > 0 && found === 0) return 0;
      matches += found;
    }
    return matches;
  };
}

function lowerCase(words: readonly string[]): readonly string[] {
  return words.map((word) => word.toLowerCase());
}
