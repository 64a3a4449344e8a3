import type { IncomingMessage } from 'node:http';
import { refusal } from './refusals.ts';

/** Our choice; requests of upload SDKs are much smaller. */
const MAX_BODY_BYTES = 65_536;

/** Returns the JSON of a request; throws `UgcRefusal` if there is none, or the body is too large. */
export async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    // A body that is too large is still read to its end, so that the client can receive the answer.
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
