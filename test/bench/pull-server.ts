import { createServer } from 'node:http';

/** A server that takes every pull, and does nothing else that would cost time. */
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
  let connections = 0;
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
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    endpoint: `127.0.0.1:${address.port}`,
    connections: () => connections,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
