// Runs in its own process: has every media file, as VOD, and accepts every message, as a consumer. The id of a file begins
// with the time of its notification in milliseconds; a request to /latencies answers with the time from each notification
// to the answer of the consumer, and forgets them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const latencies: number[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (request.url === '/latencies') {
    response.end(JSON.stringify(latencies));
    latencies.length = 0;
    return;
  }
  const body = JSON.parse(text);
  if (request.url === '/hook') {
    latencies.push(Date.now() - Number(String(body.data.fileId).split('-')[0]));
    response.end();
    return;
  }
  const media = (body.FileIds ?? []).map((FileId: string) => ({
    ...{ FileId, BasicInfo: { Name: 'example', MediaUrl: `https://media.example/${FileId}.mp4` } },
    MetaData: { Size: 10_000_000, Duration: 60, Container: 'mp4' },
  }));
  const Response = { MediaInfoSet: media, TaskSet: [], RequestId: 'request-1' };
  response.end(JSON.stringify({ Response }));
}

const server = createServer((request, response) => void answer(request, response));
// All notifications of a burst may open a connection.
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
