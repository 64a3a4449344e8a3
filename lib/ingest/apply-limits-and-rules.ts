import { hash } from 'node:crypto';
import type { InspectDetail, ModifyDetail, ProcedureDetail } from '../actions/media-action.ts';
import type { NewMediaAction } from '../ledger/jobs/actions.ts';
import type { UploadChange } from '../ledger/uploads/upload-row.ts';
import type { Envelope, UploadLimits } from '../model/source-context.ts';
import { judgeMedia } from '../policy/judge-media.ts';
import { type Chosen, type ResolvedRules, resolveRules } from '../policy/resolve-rules.ts';
import type { Rule } from '../policy/rule.ts';
import type { Settings } from '../policy/settings.ts';
import { formatIsoTime, LAST_SECOND, parseIsoTime } from '../validation/iso-time.ts';
import { defined } from '../validation/json-object.ts';
import { readText } from '../vod/event.ts';
import {
  type ArrivedMedia,
  readArrivedMedia,
  readMediaFacts,
  readMediaFields,
} from '../vod/media.ts';
import type { ReceivedEvent } from './received-event.ts';

/** Changes of uploads, and actions on their media. */
interface IngestPlan {
  readonly changes: readonly UploadChange[];
  readonly actions: readonly NewMediaAction[];
}

/** Limits and rules for a new media file. */
interface IngestPolicy {
  readonly settings: Pick<Settings, 'policy' | 'rules'>;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Whether a file cannot be examined again later, so that it is judged by what VOD has read so far. */
  readonly isOnlyChance?: boolean;
}

/**
 * Applies limits and rules to the media that arrived with an event, and returns its `changes` after that with the
 * actions. A file that exceeds the limits of its upload is rejected; one that cannot be judged yet is held until VOD
 * has examined it; all others get the settings of the rules.
 */
export function applyLimitsAndRules(
  received: ReceivedEvent,
  changes: readonly UploadChange[],
  { settings, receivedAt, isOnlyChance }: IngestPolicy,
): IngestPlan {
  const media = readArrivedMedia(received.event);
  const [change] = changes;
  if (media === undefined || change === undefined) return { changes, actions: [] };

  const { envelope } = received;
  const limits = envelope === undefined ? findLimits(change, settings) : envelope.limits;
  const facts = readMediaFacts(media.basic, media.meta);
  const problem = limits && judgeMedia(limits, facts);
  const isRead = facts.container !== undefined;
  if (problem?.code === 'limits_exceeded' || (problem !== undefined && isOnlyChance && isRead)) {
    const fields = { ...change.fields, problem: { ...problem } };
    return { changes: [{ ...change, fact: 'rejected', fields }], actions: [] };
  }
  const { actions, procedure } = planRuleActions(
    { media, change, envelope, receivedAt },
    settings.rules,
  );
  const planned: UploadChange =
    procedure === undefined
      ? change
      : { ...change, fact: 'uploadedForProcessing', fields: { ...change.fields, procedure } };
  return problem === undefined || limits === undefined
    ? { changes: [planned], actions }
    : holdMedia(media, planned, limits, actions);
}

/** Returns the policy's limits for a file without an envelope, by the way in which it arrived. */
function findLimits(
  { method }: UploadChange,
  { policy }: IngestPolicy['settings'],
): UploadLimits | undefined {
  return method === 'live' ? policy.live : policy.console;
}

function holdMedia(
  { fileId }: ArrivedMedia,
  change: UploadChange,
  { maxBytes, maxSeconds, mediaTypes }: UploadLimits,
  actions: readonly NewMediaAction[],
): IngestPlan {
  const limits = { maxBytes, maxSeconds, mediaTypes: mediaTypes && [...mediaTypes] };
  const fact = change.fact === 'uploaded' ? 'uploaded' : 'uploadedForProcessing';
  const detail: InspectDetail = { limits, fact };
  return {
    changes: [{ ...change, fact: 'uploadedForProcessing' }],
    actions: [{ fileId, kind: 'inspect', detail: { ...detail } }, ...actions],
  };
}

/** What is known about a media file that arrived. */
interface RuleSubject {
  readonly media: ArrivedMedia;
  /** The change of its upload. */
  readonly change: UploadChange;
  readonly envelope: Envelope | undefined;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** Actions on a media file: those that its upload could not request from VOD, and those of rules. */
interface RuleActions {
  readonly actions: readonly NewMediaAction[];
  /** Name of the task flow that is to be started. */
  readonly procedure?: string;
}

/** Returns the settings and the task flow for a media file. Rules do not change what its upload requested. */
function planRuleActions(subject: RuleSubject, rules: readonly Rule[]): RuleActions {
  const { media } = subject;
  const { fileId } = media;
  const chosen: ResolvedRules = rules.length === 0 ? {} : chooseByRules(subject, rules);
  const modify = describeModify(subject, chosen);
  const procedure =
    media.procedureTaskId === undefined && chosen.procedure !== undefined
      ? describeProcedure(fileId, chosen.procedure)
      : undefined;
  return {
    actions: [
      ...(modify === undefined ? [] : [{ fileId, kind: 'modify', detail: { ...modify } }]),
      ...(procedure === undefined ? [] : [{ fileId, kind: 'procedure', detail: { ...procedure } }]),
    ],
    ...defined({ procedure: procedure?.parameters.ProcedureName }),
  };
}

function chooseByRules(
  { media: { basic }, change, envelope }: RuleSubject,
  rules: readonly Rule[],
): ResolvedRules {
  const known = readMediaFields(basic, undefined);
  return resolveRules(rules, {
    method: change.method ?? 'other',
    subAppId: change.fields?.subAppId,
    classId: known.classId,
    region: known.storageRegion,
    owner: envelope?.owner,
    name: known.name,
    stream: readText(basic?.SourceInfo?.LiveRecordInfo?.StreamId),
  });
}

function describeModify(subject: RuleSubject, chosen: ResolvedRules): ModifyDetail | undefined {
  const { basic } = subject.media;
  const { classId, coverUrl } = readMediaFields(basic, undefined);
  const expiry = chooseExpiry(subject, chosen.expiry);
  // VOD gives media without a class this one: https://cloud.tencent.com/document/product/266/31773.
  const ownClass = (classId ?? 0) === 0 ? chosen.classId : undefined;
  const cover = coverUrl === undefined ? chosen.coverUrl : undefined;
  const { tags } = chosen;
  if (!expiry && !ownClass && !cover && !tags) return undefined;
  const sources = [expiry, ownClass, tags, cover].flatMap((part) => part?.rule ?? []);
  return {
    rules: [...new Set(sources)],
    parameters: {
      ...(expiry ? { ExpireTime: formatIsoTime(expiry.value) } : {}),
      ...(ownClass ? { ClassId: ownClass.value } : {}),
      ...(tags ? { AddTags: [...tags.value] } : {}),
    },
    ...(cover ? { coverUrl: cover.value } : {}),
  };
}

/** Returns, in Unix seconds, when VOD is to delete media that have no expiry yet. */
function chooseExpiry(
  { media: { basic }, envelope, receivedAt }: RuleSubject,
  chosen: ResolvedRules['expiry'],
): { readonly value: number; readonly rule?: string } | undefined {
  if (readMediaFields(basic, undefined).mediaExpireTime !== undefined) return undefined;
  if (envelope?.mediaExpireTime !== undefined) return { value: envelope.mediaExpireTime };
  if (chosen === undefined) return undefined;
  const { rule, value } = chosen;
  if (value.expireTime !== undefined) return { value: value.expireTime, rule };
  const came = parseIsoTime(readText(basic?.CreateTime) ?? '') ?? Math.floor(receivedAt / 1_000);
  // VOD treats the last second as "never".
  const end = Math.min(came + (value.expireAfter ?? 0), LAST_SECOND);
  return { value: end, rule };
}

/** https://cloud.tencent.com/document/product/266/34782 */
const SESSION_ID_LENGTH = 50;

function describeProcedure(
  fileId: string,
  { rule, value }: Chosen<NonNullable<Rule['set']['procedure']>>,
): ProcedureDetail {
  const { name, taskPriority, taskNotifyMode, sessionContext } = value;
  return {
    rules: [rule],
    parameters: {
      ProcedureName: name,
      // The same at every attempt, so VOD starts the flow once.
      SessionId: hash('sha256', JSON.stringify([fileId, rule])).slice(0, SESSION_ID_LENGTH),
      ...defined({
        TasksPriority: taskPriority,
        TasksNotifyMode: taskNotifyMode,
        SessionContext: sessionContext,
      }),
    },
  };
}
