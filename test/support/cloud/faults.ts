/** What goes wrong with a call. */
export type FaultKind =
  /** It is refused with `code`, and nothing is done. */
  | { readonly kind: 'refuse'; readonly code: string; readonly message?: string }
  /** It is never answered, and nothing is done. */
  | { readonly kind: 'silence' }
  /** It is done, and half of the answer arrives before the connection ends. */
  | { readonly kind: 'half' }
  /** It is done, and the connection ends before the answer. */
  | { readonly kind: 'lost' };

/** A call that goes wrong. */
export type Fault = FaultKind & {
  /** `scf`, `cam`, `cos` … */
  readonly service: string;
  readonly action: string;
  /** How many calls go wrong; all, unless given. */
  readonly times?: number;
  /** How many calls go well before. */
  readonly after?: number;
  /** Only calls about this function. */
  readonly functionName?: string;
};

/** The switches of a cloud. */
export interface Faults {
  arm(fault: Fault): void;
  clear(): void;
  /** Uses up one strike of what is armed for a call. */
  take(service: string, action: string, functionName: string | undefined): FaultKind | undefined;
}

interface Armed {
  readonly fault: Fault;
  wait: number;
  left: number;
}

/** Returns switches that are all off. */
export function createFaults(): Faults {
  let armed: Armed[] = [];
  return {
    arm: (fault) => {
      armed.push({ fault, wait: fault.after ?? 0, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    clear: () => {
      armed = [];
    },
    take(service, action, functionName) {
      const meant = armed.filter(
        ({ fault, left }) =>
          fault.service === service &&
          fault.action === action &&
          left > 0 &&
          (fault.functionName ?? functionName) === functionName,
      );
      return meant.find(strike)?.fault;
    },
  };
}

/** Returns whether it is this call that goes wrong. */
function strike(entry: Armed): boolean {
  if (entry.wait > 0) {
    entry.wait -= 1;
    return false;
  }
  entry.left -= 1;
  return true;
}
