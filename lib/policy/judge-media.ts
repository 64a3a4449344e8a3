import type { UploadLimits } from '../model/source-context.ts';
import type { MediaFacts } from '../model/upload.ts';
import { listContainerTypes } from './container-types.ts';

/** One limit that a file exceeds. */
interface Violation {
  readonly rule: keyof UploadLimits;
  readonly limit: number | readonly string[];
  readonly actual: number | string;
}

/** Why a file is rejected. The members at the top are those of the first violation; `violations` has all of them. */
interface LimitsExceeded extends Violation {
  readonly code: 'limits_exceeded';
  readonly detail: string;
  readonly violations: readonly Violation[];
}

/** A file cannot be judged, since VOD has not found out what is needed for it, or cannot. */
interface MediaUnreadable {
  readonly code: 'media_unreadable';
  readonly detail: string;
  /** The limits that could not be judged. */
  readonly rules: readonly (keyof UploadLimits)[];
}

/** What is wrong with a file. */
export type MediaProblem = LimitsExceeded | MediaUnreadable;

/** Most characters of a text from outside that are repeated in a problem. */
const MAX_TEXT = 64;

/**
 * Returns what is wrong with a file that has `limits`, or undefined if nothing is. Violations come first: a file that
 * exceeds one limit is not reported as unreadable because another limit cannot be judged.
 */
export function judgeMedia(limits: UploadLimits, facts: MediaFacts): MediaProblem | undefined {
  const verdicts = [
    judgeAmount('maxBytes', limits.maxBytes, facts.size),
    judgeAmount('maxSeconds', limits.maxSeconds, facts.duration),
    judgeType(limits.mediaTypes, facts),
  ];
  const violations = verdicts.filter((verdict) => typeof verdict === 'object');
  const [first] = violations;
  if (first !== undefined) {
    const detail = `The file is not what its upload allows: ${violations.map(explain).join('; ')}.`;
    return { code: 'limits_exceeded', ...first, violations, detail };
  }
  const rules = verdicts.filter((verdict) => typeof verdict === 'string');
  if (rules.length === 0) return undefined;
  return { code: 'media_unreadable', rules, detail: explainUnknown(limits, facts, rules) };
}

function explainUnknown(
  { maxSeconds }: UploadLimits,
  { container }: MediaFacts,
  rules: MediaUnreadable['rules'],
): string {
  if (container === undefined || rules.some((rule) => rule !== 'maxSeconds')) {
    return `VOD cannot read the file, and what its upload allows depends on that: ${rules.join(', ')}.`;
  }
  return `VOD finds no duration in the file, and its upload allows ${maxSeconds} seconds. What a browser records or a program writes to a pipe often carries none: write the duration into the file before the upload.`;
}

/** A violation, the name of a limit that cannot be judged, or nothing. */
type Verdict = Violation | keyof UploadLimits | undefined;

function judgeAmount(
  rule: 'maxBytes' | 'maxSeconds',
  limit: number | undefined,
  actual: number | undefined,
): Verdict {
  if (limit === undefined) return undefined;
  if (actual === undefined) return rule;
  return actual > limit ? { rule, limit, actual } : undefined;
}

/** The extension and the actual format must both be allowed, since a file of any format can have any extension. */
function judgeType(limit: UploadLimits['mediaTypes'], { type, container }: MediaFacts): Verdict {
  if (limit === undefined) return undefined;
  const rule = 'mediaTypes';
  if (type !== undefined && !limit.includes(type.toLowerCase())) {
    return { rule, limit, actual: type.slice(0, MAX_TEXT) };
  }
  if (container === undefined) return rule;
  const types = listContainerTypes(container);
  return limit.some((allowed) => types.has(allowed))
    ? undefined
    : { rule, limit, actual: container.slice(0, MAX_TEXT) };
}

function explain({ rule, limit, actual }: Violation): string {
  if (rule === 'maxBytes') return `it has ${actual} bytes, and ${limit} are allowed`;
  if (rule === 'maxSeconds') return `it lasts ${actual} seconds, and ${limit} are allowed`;
  return `it is ${actual}, and must be ${[limit].flat().join(' or ')}`;
}
