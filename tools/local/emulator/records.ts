/** Is told what a list has under a key now; `value` is undefined if nothing any more. */
export type Watcher<T> = (key: string, value: T | undefined) => void;

/** A list of the state, in the order of insertion. Every change is noted, and told to those who watch. */
export class Records<T> extends Map<string, T> {
  readonly #note: Watcher<T>;
  readonly #watchers: Watcher<T>[] = [];

  /** @param note is told every change that must be written. */
  constructor(note: Watcher<T>) {
    super();
    this.#note = note;
  }

  override set(key: string, value: T): this {
    super.set(key, value);
    this.#note(key, value);
    this.#tell(key, value);
    return this;
  }

  override delete(key: string): boolean {
    if (!super.delete(key)) return false;
    this.#note(key, undefined);
    this.#tell(key, undefined);
    return true;
  }

  override clear(): void {
    for (const key of [...this.keys()]) this.delete(key);
  }

  /** Adds what is written already. */
  load(key: string, value: T): void {
    super.set(key, value);
    this.#tell(key, value);
  }

  /** Removes what need not be noted, since every reader of the file leaves it out. */
  forget(key: string): void {
    if (super.delete(key)) this.#tell(key, undefined);
  }

  /** Tells `watcher` everything that is here, and then each change. */
  watch(watcher: Watcher<T>): void {
    for (const [key, value] of this) watcher(key, value);
    this.#watchers.push(watcher);
  }

  #tell(key: string, value: T | undefined): void {
    for (const watcher of this.#watchers) watcher(key, value);
  }
}
