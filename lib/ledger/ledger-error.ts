interface LedgerErrorOptions extends ErrorOptions {
  readonly code: string;
  readonly isTransient: boolean;
}

/** The database could not do what was requested. The text is for the operator, and never contains a secret. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  /** Error code of the server, the driver or the socket. */
  readonly code: string;
  /** Whether the same may succeed a little later without any action. */
  readonly isTransient: boolean;

  /** The ledger is bundled into a separate file, so its errors come from another copy of this class. */
  static override [Symbol.hasInstance](value: unknown): value is LedgerError {
    return value instanceof Error && value.name === 'LedgerError';
  }

  constructor(message: string, { code, isTransient, ...options }: LedgerErrorOptions) {
    super(message, options);
    this.code = code;
    this.isTransient = isTransient;
  }
}

/** Returns the code of an error of the server, the driver or the socket; empty if it has none. */
export function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
