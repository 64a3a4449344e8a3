/** What is wrong with a list, in a sentence for its author that names the line. */
export class ListError extends Error {
  override readonly name = 'ListError';
  /** Counts from 1; undefined if it is about the list as a whole. */
  readonly line: number | undefined;

  constructor(
    text: string,
    { line, cause }: { readonly line?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(line === undefined ? text : `Line ${line} ${text}`, cause === undefined ? {} : { cause });
    this.line = line;
  }
}
