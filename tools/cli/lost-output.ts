import { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { EXIT } from './command.ts';

/** Exit code of a program that SIGPIPE has ended, as shells have it: 128 and the number of the signal. */
export const EXIT_OF_SIGPIPE = 141;

/** The process whose output it is. */
interface Writing {
  readonly stdout: Pick<Writable, 'on'>;
  readonly stderr: Pick<Writable, 'on' | 'write'>;
  readonly exit: (code: number) => void;
}

/**
 * Ends the program once nobody reads its output any more, as `head` does: as SIGPIPE ends others, without a word. What listens
 * to SIGPIPE at `reader` is called instead, and ends it. Output that cannot be written for another reason is reported.
 */
export function endWithOutput({ stdout, stderr, exit }: Writing) {
  // Not those of the process: sockets that were closed raise the signal, too, and Node.js ignores it only while nobody listens.
  const reader = new EventEmitter();
  let isGone = false;
  const end = (error: unknown) => {
    const { code } = Object(error);
    if (code !== 'EPIPE') {
      stderr.write(`vod-upload: The output cannot be written (${code}).\n`);
      exit(EXIT.unable);
    } else if (!isGone) {
      isGone = true;
      if (!reader.emit('SIGPIPE')) exit(EXIT_OF_SIGPIPE);
    }
  };
  stdout.on('error', end);
  stderr.on('error', end);
  return { reader, isGone: () => isGone };
}
