import { createServer } from 'node:http';
import { listen } from '../support/listen.ts';

/** A server that accepts every pull, and does nothing else that would take time. */
export interface PullServer {
  /** Host and port. */
  readonly endpoint: string;
  /** Connections that were opened so far. */
  readonly connections: () => number;
  readonly close: () => void;
}

const ANSWER = '{"Response":{"TaskId":"1500000001-pull-1","RequestId":"request-1"}}';

/**
 * Starts the server; its connections stay open until it is closed.
 *
 * @param answerMilliseconds how long each answer takes.
 */
export async function startPullServer(answerMilliseconds = 0): Promise<PullServer> {
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const answer = () => {
      response.setHeader('Content-Type', 'application/json');
      response.end(ANSWER);
    };
    request.resume().on('end', () => {
      if (answerMilliseconds === 0) answer();
      else setTimeout(answer, answerMilliseconds);
    });
  });
  const { host: endpoint, connections, close } = await listen(server);
  return { endpoint, connections, close };
}
