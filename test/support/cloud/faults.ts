/** How a call fails. */
export type FaultKind =
  /** It is refused with `code`, and nothing is done. */
  | { readonly kind: 'refuse'; readonly code: string; readonly message?: string }
  /** It is never answered, and nothing is done. */
  | { readonly kind: 'silence' }
  /** It is done, and half of the answer arrives before the connection ends. */
  | { readonly kind: 'half' }
  /** It is done, and the connection ends before the answer. */
  | { readonly kind: 'lost' };

/** A call that fails. */
export type Fault = FaultKind & {
  /** `scf`, `cam`, `cos` … */
  readonly service: string;
  readonly action: string;
  /** The number of calls that fail; by default all. */
  readonly times?: number;
  /** The number of calls that succeed before. */
  readonly after?: number;
  /** Only calls about this function. */
  readonly functionName?: string;
};

/** The faults of a cloud. */
export interface Faults {
  arm(fault: Fault): void;
  clear(): void;
  /** Uses one of the remaining failures that are armed for a call. */
  take(service: string, action: string, functionName: string | undefined): FaultKind | undefined;
}

interface Armed {
  readonly fault: Fault;
  wait: number;
  left: number;
}

/** Returns faults of which none is armed. */
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

/** Returns whether this call fails. */
function strike(entry: Armed): boolean {
  if (entry.wait > 0) {
    entry.wait -= 1;
    return false;
  }
  entry.left -= 1;
  return true;
}
