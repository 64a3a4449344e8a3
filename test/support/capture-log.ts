import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { LogFields } from '../../lib/runtime/invocation.ts';

/** What has been written to standard output since the test began. */
export interface CapturedLog {
  readonly text: string;
  /** Its lines, parsed. */
  readonly lines: readonly LogFields[];
  /** Its only line, parsed; throws if there are no lines or several. */
  readonly line: LogFields;
  /** Forgets what has been written so far. */
  clear(): void;
}

/** Captures what the tests of a file write to standard output, and does not print it. */
export function captureLog(): CapturedLog {
  const { write } = process.stdout;
  let text = '';
  beforeAll(() => {
    process.stdout.write = (chunk: string | Uint8Array) => {
      text += chunk;
      return true;
    };
  });
  beforeEach(() => {
    text = '';
  });
  afterAll(() => {
    process.stdout.write = write;
  });
  const readLines = (): LogFields[] => text.trimEnd().split('\n').filter(Boolean).map(parse);
  return {
    get text() {
      return text;
    },
    get lines() {
      return readLines();
    },
    get line() {
      const [line, ...others] = readLines();
      if (line === undefined || others.length > 0)
        throw new Error(`One line was expected: ${text}`);
      return line;
    },
    clear() {
      text = '';
    },
  };
}

function parse(line: string): LogFields {
  return JSON.parse(line);
}
