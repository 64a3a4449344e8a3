import * as v from 'valibot';
import { integer } from '../validation/fields.ts';

const amount = integer(1, Number.MAX_SAFE_INTEGER);

/** What one owner may use up at most. */
export const quotaFields = v.object({
  /** Uploads that begin within any sixty seconds; all signatures of one upload count once. */
  signaturesPerMinute: v.optional(amount),
  /** Uploads that may still come, for any application, or that have come to this one and are still being processed. */
  openUploads: v.optional(amount),
  /** Bytes that came to the application within the last day; once they are used up, nothing new begins. */
  bytesPerDay: v.optional(amount),
});

/** Quotas of one owner; what is not named is not bounded. */
export type Quotas = Readonly<v.InferOutput<typeof quotaFields>>;
