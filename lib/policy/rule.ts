import * as v from 'valibot';
import { UPLOAD_METHODS } from '../model/upload-state.ts';
import {
  classId,
  integer,
  isoTime,
  procedure,
  storageRegion,
  subAppId,
  text,
} from '../validation/fields.ts';
import {
  MAX_SESSION_CONTEXT_BYTES,
  MAX_TAG_CHARACTERS,
  MAX_TAGS,
  MAX_TASK_PRIORITY,
} from '../validation/limits.ts';
import { explainCoverUrl } from '../validation/public-url.ts';
import { listOf, name, strictMap } from './strict-map.ts';

/** A name in which `*` stands for any text. */
const pattern = v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty'));

const match = strictMap({
  methods: v.optional(
    listOf(v.picklist(UPLOAD_METHODS, `must be one of ${UPLOAD_METHODS.join(', ')}`)),
  ),
  /** Applications of VOD; each has its own classes and task flows. */
  subAppIds: v.optional(listOf(subAppId)),
  classIds: v.optional(listOf(classId)),
  regions: v.optional(listOf(storageRegion)),
  owners: v.optional(listOf(pattern)),
  /** Name of the media. */
  name: v.optional(pattern),
  /** Ids of live streams. */
  streams: v.optional(listOf(pattern)),
});

const seconds = integer(1, Number.MAX_SAFE_INTEGER);

const procedureStart = strictMap({
  name: procedure,
  taskPriority: v.optional(integer(-MAX_TASK_PRIORITY, MAX_TASK_PRIORITY)),
  taskNotifyMode: v.optional(
    v.picklist(['Finish', 'Change', 'None'], 'must be Finish, Change or None'),
  ),
  sessionContext: v.optional(text(MAX_SESSION_CONTEXT_BYTES)),
});

const coverUrl = v.pipe(
  v.string('must be a string'),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? explainCoverUrl(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);

const effects = v.pipe(
  strictMap({
    classId: v.optional(classId),
    /** Seconds after the media arrived. */
    expireAfter: v.optional(seconds),
    /** Becomes Unix seconds. */
    expireTime: v.optional(isoTime),
    /** URL of the cover: gif, jpeg or png, by https. */
    coverUrl: v.optional(coverUrl),
    tags: v.optional(
      v.pipe(
        listOf(
          v.pipe(
            text(MAX_TAG_CHARACTERS * 4),
            v.maxLength(MAX_TAG_CHARACTERS, `must have at most ${MAX_TAG_CHARACTERS} characters`),
          ),
        ),
        v.maxLength(MAX_TAGS, `must be at most ${MAX_TAGS}`),
      ),
    ),
    procedure: v.optional(procedureStart),
  }),
  v.check(
    ({ expireAfter, expireTime }) => expireAfter === undefined || expireTime === undefined,
    'must not have both expireAfter and expireTime',
  ),
  v.check((set) => Object.keys(set).length > 0, 'must set something'),
);

const ruleSchema = strictMap({
  name,
  /** All conditions must match; without any, every media file does. */
  match: v.optional(match, {}),
  set: effects,
});

/** Schema of the rules, in their order. */
export const rulesSchema = v.array(ruleSchema, 'must be a list');

/** What is set for new media after they arrived, and for which media. */
export type Rule = v.InferOutput<typeof ruleSchema>;

/** What a rule sets. */
export type RuleEffects = Rule['set'];
