import * as v from 'valibot';
import type {
  FieldError,
  ProblemDetails,
  PrunedRecord,
  QuotaRefusal,
  VodRefusal,
} from '../../lib/problem.ts';
import { about, application, count, type Fields, time } from './answer-fields.ts';
import { PROBLEM_CODES } from './problems.ts';

const fieldError = v.object({
  path: about('path of the field, such as limits.mediaTypes.0; empty for the body as a whole'),
  message: about('what is wrong and what would be right'),
  rule: v.exactOptional(about('name of the bound in the policy that denies it')),
} satisfies Fields<FieldError>);

/** The body of an error. */
export const problem = v.object({
  type: v.literal('about:blank'),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  detail: v.exactOptional(about('a sentence for readers, which may change')),
  code: v.pipe(v.picklist(PROBLEM_CODES), v.description('the same in every version')),
  errors: v.exactOptional(v.array(fieldError)),
  vod: v.exactOptional(
    v.object({
      code: about("VOD's own error code"),
      requestId: about("by which VOD's support finds the call"),
    } satisfies Fields<VodRefusal>),
  ),
  quota: v.exactOptional(
    v.object({
      rule: v.picklist(['signaturesPerMinute', 'openUploads', 'bytesPerDay']),
      limit: v.number(),
      used: v.number(),
      retryAfter: count('seconds after which to retry'),
    } satisfies Fields<QuotaRefusal>),
  ),
  pruned: v.exactOptional(
    v.object({
      fileId: v.exactOptional(v.string()),
      subAppId: v.exactOptional(application),
      prunedAt: time('when its record was removed'),
    } satisfies Fields<PrunedRecord>),
  ),
  requestId: about('the same as the header X-Request-Id'),
} satisfies Fields<ProblemDetails>);
