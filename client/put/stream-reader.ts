/** Reads a stream in pieces of wanted sizes. */
export interface StreamReader {
  /** Returns that many bytes; fewer only at the end of the stream. */
  readonly read: (size: number) => Promise<Buffer>;
  /** Returns whether the end of the stream has been seen. */
  readonly isEnded: () => boolean;
}

/** Creates a reader. The pieces that it returns are not touched again. */
export function createStreamReader(stream: AsyncIterable<Uint8Array>): StreamReader {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let isEnded = false;
  return {
    isEnded: () => isEnded && rest.length === 0,
    async read(size) {
      const taken: Uint8Array[] = [];
      let left = size;
      while (left > 0) {
        if (rest.length === 0 && !isEnded) {
          const { done = false, value } = await chunks.next();
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
