/** What is checked, in the order of the report. */
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
 * A result of a check. Something is wrong (`finding`), works but is less safe than it could be (`warning`), could not
 * be found out although it should (`unable`), or was not checked because an option or variable is missing (`skipped`).
 */
export type Note = {
  readonly check: CheckName;
  /** A sentence without a secret. */
  readonly text: string;
  /** For notes that can be united: the thing that this one is about, and the sentence about all of them. */
  readonly among?: {
    readonly item: string;
    readonly describe: (items: readonly string[]) => string;
  };
} & (
  | { readonly kind: 'finding' | 'warning' /** What to do about it. */; readonly remedy: string }
  | { readonly kind: 'unable' | 'skipped' }
);

/** Returns the note about something wrong, and what to do about it. */
export function finding(check: CheckName, text: string, remedy: string): Note {
  return { kind: 'finding', check, text, remedy };
}

/** Returns the note about something that works but is less safe than it could be, and what to do about it. */
export function warning(check: CheckName, text: string, remedy: string): Note {
  return { kind: 'warning', check, text, remedy };
}

/** Returns the note about something wrong with `item`; equal findings about other items are united with it. */
export function findingAmong(
  check: CheckName,
  item: string,
  describe: (items: readonly string[]) => string,
  remedy: string,
): Note {
  return { ...finding(check, describe([item]), remedy), among: { item, describe } };
}

/** Returns the note about something that could not be found out, and why. */
export function unable(check: CheckName, text: string): Note {
  return { kind: 'unable', check, text };
}

/** Returns the note about something that was not checked, and how to have it checked. */
export function skipped(check: CheckName, text: string): Note {
  return { kind: 'skipped', check, text };
}
