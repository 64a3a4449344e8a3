/**
 * Why a client upload request is refused. The real service publishes no list of its codes. 10001 and 10004 are known
 * from reports about the vendor's SDKs and from their tests, 10010 from what the Android SDK takes for an expired
 * signature, 10005 from what an older Web SDK takes for a dead session; the other numbers are our guess.
 * No client that was tried looks at the number: all treat whatever is not 0 as a failure and show the message.
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
} as const;

/** Name of a refusal, which begins its message. */
export type RefusalName = keyof typeof REFUSALS;

/** A refusal as the answer's envelope carries it. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** Thrown where a client upload request is refused; its message says precisely what is wrong. */
export class UgcRefusal extends Error implements Refusal {
  readonly code: number;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options);
    this.name = 'UgcRefusal';
    this.code = refusal.code;
  }
}

/** Returns the refusal of this name, ready to be thrown; `detail` says what is wrong. */
export function refusal(name: RefusalName, detail: string, options?: ErrorOptions): UgcRefusal {
  const message = `ugc upload | ${name}: ${detail}`;
  return new UgcRefusal({ code: REFUSALS[name], message }, options);
}
