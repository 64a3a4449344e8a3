import { Readable } from 'node:stream';
import { PutError } from './put-error.ts';

/** Reads a stream in pieces of wanted sizes. */
export interface StreamReader {
  /** Returns that many bytes; fewer only at the end of the stream. Rejects with what `stop` was called with. */
  readonly read: (size: number) => Promise<Buffer>;
  /** Returns whether the end of the stream has been seen. */
  readonly isEnded: () => boolean;
  /** Ends reading at once, although the stream may be idle, and lets go of the stream. */
  readonly stop: (error: unknown) => void;
}

/** Creates a reader. The pieces that it returns are not touched again. */
export function createStreamReader(stream: AsyncIterable<Uint8Array>): StreamReader {
  const source = openSource(stream);
  let rest: Uint8Array = new Uint8Array(0);
  let isEnded = false;
  return {
    isEnded: () => isEnded && rest.length === 0,
    stop: source.stop,
    async read(size) {
      const taken: Uint8Array[] = [];
      let left = size;
      while (left > 0) {
        if (rest.length === 0 && !isEnded) {
          const { done = false, value } = await source.next();
          isEnded = done;
          rest = value ?? rest;
          continue;
        }
        if (rest.length === 0) break;
        const piece = rest.subarray(0, left);
        taken.push(piece);
        rest = rest.subarray(piece.length);
        left -= piece.length;
      }
      return Buffer.concat(taken, size - left);
    },
  };
}

/** Returns what was read. @throws {PutError} if it is no bytes: an encoding that was set on a stream changes them. */
function demandBytes<Read extends IteratorResult<unknown>>(read: Read): Read {
  if (read.done === true || read.value instanceof Uint8Array) return read;
  const what = typeof read.value === 'string' ? 'text' : 'something else';
  throw new PutError(
    'unreadable',
    `The stream has ${what}, and must have bytes, without an encoding.`,
  );
}

function openSource(stream: AsyncIterable<Uint8Array>) {
  const chunks = stream[Symbol.asyncIterator]();
  let stopped: { readonly error: unknown } | undefined;
  let wake = (_error: unknown) => {};
  return {
    next: () =>
      new Promise<IteratorResult<Uint8Array, undefined>>((resolve, reject) => {
        if (stopped !== undefined) return reject(stopped.error);
        wake = reject;
        chunks.next().then(demandBytes).then(resolve, reject);
      }),
    stop(error: unknown) {
      if (stopped !== undefined) return;
      stopped = { error };
      wake(error);
      // An iterator ends only after the chunk that it waits for; a stream of Node.js can be closed before that.
      if (stream instanceof Readable) stream.destroy();
      else chunks.return?.()?.catch(() => undefined);
    },
  };
}
