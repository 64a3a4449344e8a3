import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVodApi } from '../../client/node.ts';
import { ROOT } from '../documents/documents.ts';
import { installExample } from '../support/example-app.ts';
import { listen } from '../support/listen.ts';
import { removeScratch } from '../support/remove-scratch.ts';
import { useStack } from '../support/stack-stage.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let scratch: string;
let consumer: ChildProcess;
let port: number;
let output = '';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vod-upload-consumer-'));
  const folder = await installExample('consumer', scratch);
  // A port that was free a moment ago: the stack has to know it before the consumer has begun.
  const free = await listen(createServer());
  port = Number(new URL(free.origin).port);
  await free.close();
  consumer = spawn(process.execPath, ['consumer.js'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (consumer.stdout === null) throw new Error('The consumer has no output');
  consumer.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await once(consumer.stdout, 'data');
});
afterAll(async () => {
  consumer.kill();
  await once(consumer, 'exit');
  await removeScratch(scratch);
});

const stage = useStack(
  () => ({
    chosen: {
      WEBHOOK_ENDPOINTS: JSON.stringify([
        { url: `http://localhost:${port}/`, secret: SECRET, events: ['upload.*', 'vod.*'] },
      ]),
    },
  }),
  { per: 'file' },
);

describe('the example consumer', () => {
  it('has at most 30 lines', async () => {
    const text = await readFile(join(ROOT, 'examples/consumer/consumer.js'), 'utf8');

    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });

  it('acts on the messages of the local stack', async () => {
    const response = await fetch(`${stage.stack.origin}/__local/token`, {
      method: 'POST',
      body: JSON.stringify({ scope: 'upload:pull' }),
    });
    const { token } = (await response.json()) as { token: string };
    const api = createVodApi({ endpoint: stage.stack.origin, token });
    const { uploadId } = await api.pull({ mediaUrl: 'http://samples.example.com/video.mp4' });

    await expect.poll(() => output).toContain(`upload.ready ${uploadId} http`);
    expect(output).toContain('vod.PullComplete');
  });

  it('refuses what nobody has signed', async () => {
    const { status } = await fetch(`http://localhost:${port}/`, { method: 'POST', body: '{}' });

    expect(status).toBe(400);
  });
});
