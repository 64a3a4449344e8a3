/**
 * Why a client upload request is refused. The real service publishes no list of its codes. 10001 and 10004 are known
 * from reports about the vendor's SDKs and from their tests, 10010 from the Android SDK's check for an expired
 * signature, 10005 from an older Web SDK's check for a lost session; the other numbers are our guess. No tested client
 * reads the number: all treat anything but 0 as a failure and show the message.
 */
const REFUSALS = {
  'invalid request': 10001,
  'duplicate vod signature': 10003,
  'invalid signature': 10004,
  'invalid session': 10005,
  'invalid region': 10006,
  'object missing': 10008,
  'size differs': 10009,
  'signature expired': 10010,
  'unknown name': 10011,
} as const;

/** Name of a refusal, which begins its message. */
export type RefusalName = keyof typeof REFUSALS;

/** A refusal in the form of the answer. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** Thrown if a client upload request is refused; its message says precisely what is wrong. */
export class UgcRefusal extends Error implements Refusal {
  readonly code: number;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options);
    this.name = 'UgcRefusal';
    this.code = refusal.code;
  }
}

/** Returns the refusal with this name, to be thrown; `detail` says what is wrong. */
export function refusal(name: RefusalName, detail: string, options?: ErrorOptions): UgcRefusal {
  const message = `ugc upload | ${name}: ${detail}`;
  return new UgcRefusal({ code: REFUSALS[name], message }, options);
}
