import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../../../../support/listen.ts';

/** A server for a test's own source files. */
export interface SourceServer {
  /** For example `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** Host and target of each request so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Opens a server on a free port that answers with `answer`. */
export async function openSourceServer(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse, origin: string) => void,
): Promise<SourceServer> {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    asked.push(`${incoming.headers.host}${incoming.url}`);
    answer(incoming, outgoing, origin);
  });
  const { origin, close } = await listen(server);
  return { origin, asked, close };
}
