/** The stream that progress is shown on: a terminal, or anything else. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

/** Moves to the beginning of the line and clears it: https://www.xfree86.org/current/ctlseqs.html. */
const CLEAR_LINE = '\r\u001b[K';

/**
 * Returns the function that shows the present step of a command: on a terminal in one line, which is overwritten each
 * time and cleared by the empty text; elsewhere in a new line for each step.
 */
export function createProgress(stream: ProgressStream): (doing: string) => void {
  if (stream.isTTY !== true) {
    return (doing) => {
      if (doing !== '') stream.write(`${doing} …\n`);
    };
  }
  let isShown = false;
  return (doing) => {
    const width = (stream.columns ?? 80) - 3;
    if (doing !== '') stream.write(`${CLEAR_LINE}${doing.slice(0, width)} …`);
    else if (isShown) stream.write(CLEAR_LINE);
    isShown = doing !== '';
  };
}

/** Moves up by a number of lines, and clears all that is below: https://www.xfree86.org/current/ctlseqs.html. */
const goBack = (lines: number) => `\r\u001b[${lines}A\u001b[J`;

/** Returns the function that replaces the lines at the end of a terminal. */
export function createDrawing(stream: ProgressStream): (lines: readonly string[]) => void {
  let drawn = 0;
  return (lines) => {
    // Some terminals say that they have no columns.
    const width = (stream.columns || 80) - 1;
    const back = drawn === 0 ? '' : goBack(drawn);
    stream.write(`${back}${lines.map((line) => `${line.slice(0, width)}\n`).join('')}`);
    drawn = lines.length;
  };
}
