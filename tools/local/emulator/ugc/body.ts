import type { IncomingMessage } from 'node:http';
import { refusal } from './refusals.ts';

/** No request of an upload SDK comes near it: our choice. */
const MAX_BODY_BYTES = 65_536;

/** Returns the JSON that a request carries; throws `UgcRefusal` where it carries none or too much. */
export async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    // What is too much is read to its end all the same, so that the answer finds its way.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) {
    throw refusal('invalid request', `the body is longer than ${MAX_BODY_BYTES} bytes`);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw refusal('invalid request', 'the body is not JSON', { cause });
  }
}
