import * as v from 'valibot';
import { integer } from '../validation/fields.ts';

const amount = integer(1, Number.MAX_SAFE_INTEGER);

/** Quotas of one owner. */
export const quotaFields = v.object({
  /** Uploads that begin within any 60 seconds; all signatures of one upload count once. */
  signaturesPerMinute: v.optional(amount),
  /** Uploads still expected, for any application, or arrived in this application and still being processed. */
  openUploads: v.optional(amount),
  /** Bytes that arrived in the application within the last day; once they are used up, no upload may begin. */
  bytesPerDay: v.optional(amount),
});

/** Quotas of one owner; what is not given is not bounded. */
export type Quotas = Readonly<v.InferOutput<typeof quotaFields>>;
