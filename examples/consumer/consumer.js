import { createServer } from 'node:http';
import { verifyWebhook } from 'vod-upload-client/node';

const { PORT = '4000', WEBHOOK_SECRET = '' } = process.env;
const seen = new Set(); // in your app: a column with a unique index

const server = createServer(async (request, response) => {
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const message = verifyWebhook(Buffer.concat(chunks), request.headers, WEBHOOK_SECRET);
    if (!seen.has(message.id)) act(message);
    seen.add(message.id);
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(400).end(error.message);
  }
});
server.listen(Number(PORT), () => console.log(`Listening on ${PORT}`));

function act({ type, data, sentType }) {
  if (type === 'upload.ready') console.log(type, data.uploadId, data.mediaUrl);
  else console.log(sentType ?? type, data.uploadId ?? '');
}
