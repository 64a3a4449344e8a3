import type { InspectDetail } from '../actions/media-action.ts';
import type { NewMediaAction } from '../ledger/actions.ts';
import type { UploadChange } from '../ledger/upload-change.ts';
import type { UploadLimits } from '../model/source-context.ts';
import { judgeMedia } from '../policy/judge-media.ts';
import type { Settings } from '../policy/settings.ts';
import { readMediaFacts } from '../vod/media-fields.ts';
import { type ArrivedMedia, readArrivedMedia } from './arrived-media.ts';
import { planRuleActions } from './plan-rule-actions.ts';
import type { ReceivedEvent } from './received-event.ts';

/** What is told of uploads, and what is to be done to their media. */
interface IngestPlan {
  readonly changes: readonly UploadChange[];
  readonly actions: readonly NewMediaAction[];
}

/** By which rules a media is taken. */
interface IngestPolicy {
  readonly settings: Pick<Settings, 'policy' | 'rules'>;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Whether nobody can look at a file again: what VOD has read of it by now has to do. */
  readonly isOnlyLook?: boolean;
}

/**
 * Returns `changes`, what an event describes uploads, by what the media that came with it may be, and what is to be done
 * to that: a file that is more than its upload allows is rejected, one of which VOD does not tell yet what that takes is
 * held until it does, and all others get what rules say.
 */
export function applyLimitsAndRules(
  received: ReceivedEvent,
  changes: readonly UploadChange[],
  { settings, receivedAt, isOnlyLook = false }: IngestPolicy,
): IngestPlan {
  const media = readArrivedMedia(received.event);
  const [change] = changes;
  if (media === undefined || change === undefined) return { changes, actions: [] };

  const { envelope } = received;
  const limits = envelope === undefined ? findLimits(change, settings) : envelope.limits;
  const facts = readMediaFacts(media.basic, media.meta);
  const problem = limits && judgeMedia(limits, facts);
  const isRead = facts.container !== undefined;
  if (problem?.code === 'limits_exceeded' || (problem !== undefined && isOnlyLook && isRead)) {
    const fields = { ...change.fields, problem: { ...problem } };
    return { changes: [{ ...change, fact: 'rejected', fields }], actions: [] };
  }
  const { actions, procedure } = planRuleActions(
    { media, change, envelope, receivedAt },
    settings.rules,
  );
  const filled: UploadChange =
    procedure === undefined
      ? change
      : { ...change, fact: 'uploadedForProcessing', fields: { ...change.fields, procedure } };
  return problem === undefined || limits === undefined
    ? { changes: [filled], actions }
    : holdMedia(media, filled, limits, actions);
}

/** What came without an envelope is held to what the policy says of the way that it came. */
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
