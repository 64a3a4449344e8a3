import { isSuccess, type Recorded } from '../stack/recorded.ts';

/** The result of one part, from storage's answer. */
export interface PartFact {
  readonly state: 'stored' | 'failed';
  /** When storage answered last, in milliseconds since 1970. */
  readonly at: number;
}

/** What storage answered about the parts of each object. */
export interface PartFacts {
  take(activity: Recorded<'storage'>): void;
  /** Marks parts as stored that arrived before the page was reloaded. */
  keepParts(key: string, numbers: readonly number[]): void;
  parts(key: string): ReadonlyMap<number, PartFact>;
  isComplete(key: string): boolean;
}

/** Returns facts about no parts. */
export function createPartFacts(): PartFacts {
  const partsByKey = new Map<string, Map<number, PartFact>>();
  const complete = new Set<string>();

  function partsOf(key: string): Map<number, PartFact> {
    const known = partsByKey.get(withoutSlash(key)) ?? new Map<number, PartFact>();
    partsByKey.set(withoutSlash(key), known);
    return known;
  }

  return {
    take({ key, operation, status, partNumber, at }) {
      if (operation.startsWith('Complete') && isSuccess(status)) complete.add(withoutSlash(key));
      if (partNumber === undefined) return;
      const parts = partsOf(key);
      if (parts.get(partNumber)?.state === 'stored') return;
      const state = isSuccess(status) ? 'stored' : 'failed';
      parts.set(partNumber, { state, at: Date.parse(at) });
    },
    keepParts(key, numbers) {
      const parts = partsOf(key);
      for (const number of numbers) {
        if (!parts.has(number)) parts.set(number, { state: 'stored', at: 0 });
      }
    },
    parts: partsOf,
    isComplete: (key) => complete.has(withoutSlash(key)),
  };
}

/** ApplyUpload returns a key with a leading slash, storage uses it without. */
function withoutSlash(key: string): string {
  return key.startsWith('/') ? key.slice(1) : key;
}
