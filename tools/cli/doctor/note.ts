/** What is looked at, in the order in which it is reported. */
export type CheckName =
  | 'configuration'
  | 'secrets'
  | 'clock'
  | 'credentials'
  | 'application'
  | 'regions'
  | 'notification'
  | 'deployment'
  | 'functions'
  | 'callers'
  | 'sign key'
  | 'database'
  | 'migrations'
  | 'sweep'
  | 'endpoints';

/**
 * What a check has to say. Something is wrong (`finding`), works and is less safe than it could be (`warning`), could not
 * be found out although it should (`unable`), or is left alone because nobody said enough about it (`skipped`).
 */
export type Note = {
  readonly check: CheckName;
  /** A sentence without a secret. */
  readonly text: string;
  /** Where the same may be said of several things at once: what this is about, and the sentence about all of them. */
  readonly among?: {
    readonly item: string;
    readonly describe: (items: readonly string[]) => string;
  };
} & (
  | { readonly kind: 'finding' | 'warning' /** What to do about it. */; readonly remedy: string }
  | { readonly kind: 'unable' | 'skipped' }
);

/** Returns what is wrong and what to do about it. */
export function finding(check: CheckName, text: string, remedy: string): Note {
  return { kind: 'finding', check, text, remedy };
}

/** Returns what works and is less safe than it could be, and what to do about it. */
export function warning(check: CheckName, text: string, remedy: string): Note {
  return { kind: 'warning', check, text, remedy };
}

/** Returns what is wrong with `item`, and with others in the same way, whose findings become one with it. */
export function findingAmong(
  check: CheckName,
  item: string,
  describe: (items: readonly string[]) => string,
  remedy: string,
): Note {
  return { ...finding(check, describe([item]), remedy), among: { item, describe } };
}

/** Returns what could not be found out, and why. */
export function unable(check: CheckName, text: string): Note {
  return { kind: 'unable', check, text };
}

/** Returns what is left alone, and how to have it looked at. */
export function skipped(check: CheckName, text: string): Note {
  return { kind: 'skipped', check, text };
}
