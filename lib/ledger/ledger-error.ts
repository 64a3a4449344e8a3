interface LedgerErrorOptions extends ErrorOptions {
  readonly code: string;
  readonly isPassing: boolean;
}

/** Says that the database could not do what it was asked for. Its text is for the operator, and never holds a secret. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  /** What the server, the driver or the socket calls its failure. */
  readonly code: string;
  /** Whether the same may go well a little later, without anybody doing anything. */
  readonly isPassing: boolean;

  /** The ledger is built into a file of its own, so its errors are made by another copy of this class. */
  static override [Symbol.hasInstance](value: unknown): value is LedgerError {
    return value instanceof Error && value.name === 'LedgerError';
  }

  constructor(message: string, { code, isPassing, ...options }: LedgerErrorOptions) {
    super(message, options);
    this.code = code;
    this.isPassing = isPassing;
  }
}

/** Returns the code of an error of the server, the driver or the socket; empty where it has none. */
export function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
