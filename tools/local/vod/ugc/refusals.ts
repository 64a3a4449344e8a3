/**
 * Why a client upload request is refused. The real service publishes no list of its codes: 10004 is known from the
 * tests of the vendor's Web SDK and 10001 from public bug reports about its SDKs; every other number is our guess
 * (the vendor's Android SDK takes 10010 for an expired signature, and an old Web SDK 10005 for a dead session).
 * No client that was tried looks at the number, they all treat whatever is not 0 as a failure and show the message.
 */
const REFUSALS = {
  'invalid request': 10001,
  'duplicate vod signature': 10003,
  'invalid signature': 10004,
  'signature expired': 10005,
  'invalid region': 10006,
  'invalid session': 10007,
  'object missing': 10008,
  'size differs': 10009,
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

/** Answers the refusal of this name, ready to be thrown; `detail` says what is wrong. */
export function refusal(name: RefusalName, detail: string, options?: ErrorOptions): UgcRefusal {
  const message = `ugc upload | ${name}: ${detail}`;
  return new UgcRefusal({ code: REFUSALS[name], message }, options);
}
