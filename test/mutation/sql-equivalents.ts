/** A change that no test can see, and why. */
interface EquivalentChange {
  readonly file: string;
  readonly within: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** Changes of SQL that change nothing that anybody can see, as `npm run mutate:sql` prints them. */
export const SQL_EQUIVALENTS: readonly EquivalentChange[] = [];
