import * as v from 'valibot';
import { MEDIA_FILTERS } from './media-info.ts';
import { application, integer, isoTime, textOfCharacters } from './parameters.ts';

/** https://cloud.tencent.com/document/product/266/31813 */
const DEFAULT_LIMIT = 10;

/** A set of which any element may match; absent and empty sets are no criterion. */
function anyOf<Item extends v.GenericSchema>(item: Item, most: number) {
  const many = `must not have more than ${most} entries`;
  return v.optional(v.pipe(v.array(item), v.maxLength(most, many)), []);
}

const timeRange = v.optional(
  v.strictObject({ After: v.optional(isoTime), Before: v.optional(isoTime) }),
);
const name = textOfCharacters(100);
const word = v.string();

/** The parameters of SearchMedia with their documented limits. */
export const searchEntries = {
  ...application,
  FileIds: anyOf(textOfCharacters(40), 10),
  Names: anyOf(name, 10),
  NamePrefixes: anyOf(name, 10),
  Descriptions: anyOf(name, 10),
  ClassIds: anyOf(integer, 10),
  Tags: anyOf(textOfCharacters(32), 16),
  Categories: anyOf(v.picklist(['Video', 'Audio', 'Image']), 3),
  SourceTypes: anyOf(word, 10),
  StreamIds: anyOf(word, 10),
  CreateTime: timeRange,
  ExpireTime: timeRange,
  StorageRegions: anyOf(textOfCharacters(20), 20),
  StorageClasses: anyOf(v.picklist(['STANDARD', 'STANDARD_IA', 'ARCHIVE', 'DEEP_ARCHIVE']), 4),
  MediaTypes: anyOf(word, 10),
  Status: anyOf(v.picklist(['Normal', 'SystemForbidden', 'Forbidden']), 3),
  ReviewResults: anyOf(v.picklist(['pass', 'review', 'block', 'notModerated']), 4),
  TrtcSdkAppIds: anyOf(integer, 10),
  TrtcRoomIds: anyOf(textOfCharacters(64), 10),
  StreamDomains: v.optional(v.array(word), []),
  StreamPaths: v.optional(v.array(word), []),
  KnowledgeBases: v.optional(v.array(word), []),
  Filters: v.optional(v.array(v.picklist(MEDIA_FILTERS)), []),
  Sort: v.optional(
    v.strictObject({ Field: v.picklist(['CreateTime']), Order: v.picklist(['Asc', 'Desc']) }),
  ),
  Offset: v.optional(v.pipe(integer, v.minValue(0)), 0),
  Limit: v.optional(v.pipe(integer, v.minValue(1)), DEFAULT_LIMIT),
  Text: v.optional(textOfCharacters(64)),
  SourceType: v.optional(word),
  StreamId: v.optional(word),
  StartTime: v.optional(isoTime),
  EndTime: v.optional(isoTime),
  // According to the documentation, both have "no longer" an effect.
  Vids: v.optional(v.array(word)),
  Vid: v.optional(word),
};

/** The criteria of a search, with their limits checked. */
export type MediaSearch = v.InferOutput<v.StrictObjectSchema<typeof searchEntries, undefined>>;
