import { hash } from 'node:crypto';
import type { ModifyDetail, ProcedureDetail } from '../actions/media-action.ts';
import type { NewMediaAction } from '../ledger/actions.ts';
import type { UploadChange } from '../ledger/upload-change.ts';
import type { SourceContext } from '../model/source-context.ts';
import { type Chosen, type ResolvedRules, resolveRules } from '../policy/resolve-rules.ts';
import type { Rule } from '../policy/rule.ts';
import { formatIsoTime, LAST_SECOND, parseIsoTime } from '../validation/iso-time.ts';
import { readMediaFields } from '../vod/media-fields.ts';
import { readText } from '../vod/vod-value.ts';
import type { ArrivedMedia } from './arrived-media.ts';

/** What is known of a media that came in. */
export interface FillInSubject {
  readonly media: ArrivedMedia;
  /** What is told of its upload. */
  readonly change: UploadChange;
  readonly envelope: SourceContext | undefined;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** What is to be done to a media that its upload could not ask VOD for, or that rules say. */
interface FillIns {
  readonly actions: readonly NewMediaAction[];
  /** Name of the task flow that is to be started. */
  readonly procedure?: string;
}

/** Returns what is to be set of a media, and started on it. What its upload has asked for itself, no rule changes. */
export function planRuleActions(subject: FillInSubject, rules: readonly Rule[]): FillIns {
  const { media, change, envelope } = subject;
  const { fileId, basic } = media;
  const known = readMediaFields(basic, undefined);
  const chosen = resolveRules(rules, {
    method: change.method ?? 'other',
    subAppId: change.fields?.subAppId,
    classId: known.classId,
    region: known.storageRegion,
    owner: envelope?.owner,
    name: known.name,
    stream: readText(basic?.SourceInfo?.LiveRecordInfo?.StreamId),
  });
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
    ...(procedure === undefined ? {} : { procedure: procedure.parameters.ProcedureName }),
  };
}

function describeModify(subject: FillInSubject, chosen: ResolvedRules): ModifyDetail | undefined {
  const { basic } = subject.media;
  const { classId, coverUrl } = readMediaFields(basic, undefined);
  const expiry = chooseExpiry(subject, chosen.expiry);
  // VOD has media without a class in this one: https://cloud.tencent.com/document/product/266/31773.
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

/** Returns, in Unix seconds, when VOD shall delete a media that it would keep for ever. */
function chooseExpiry(
  { media: { basic }, envelope, receivedAt }: FillInSubject,
  chosen: ResolvedRules['expiry'],
): { readonly value: number; readonly rule?: string } | undefined {
  if (readMediaFields(basic, undefined).mediaExpireTime !== undefined) return undefined;
  if (envelope?.mediaExpireTime !== undefined) return { value: envelope.mediaExpireTime };
  if (chosen === undefined) return undefined;
  const { rule, value } = chosen;
  if (value.expireTime !== undefined) return { value: value.expireTime, rule };
  const came = parseIsoTime(readText(basic?.CreateTime) ?? '') ?? Math.floor(receivedAt / 1_000);
  // VOD takes the last second for "never".
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
      // The same at every try, so VOD starts the flow once.
      SessionId: hash('sha256', JSON.stringify([fileId, rule])).slice(0, SESSION_ID_LENGTH),
      ...(taskPriority === undefined ? {} : { TasksPriority: taskPriority }),
      ...(taskNotifyMode === undefined ? {} : { TasksNotifyMode: taskNotifyMode }),
      ...(sessionContext === undefined ? {} : { SessionContext: sessionContext }),
    },
  };
}
