import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVodApi } from '../../client/node.ts';
import { listBlocks, ROOT } from '../documents/documents.ts';
import { installExample } from '../support/example-app.ts';
import { listen } from '../support/listen.ts';
import { removeScratch } from '../support/remove-scratch.ts';
import { useStack } from '../support/stack-stage.ts';
import { runCommand } from '../tools/cli/cli-stage.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let scratch: string;
let folder: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vod-upload-consumer-'));
  folder = await installExample('consumer', scratch);
});
afterAll(() => removeScratch(scratch));

/** Runs the example until `end` is called. */
async function startConsumer(port: number, secret: string) {
  const consumer = spawn(process.execPath, ['consumer.js'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const written: Buffer[] = [];
  consumer.stdout.on('data', (chunk: Buffer) => written.push(chunk));
  await once(consumer.stdout, 'data');
  return {
    readOutput: () => Buffer.concat(written).toString(),
    async end() {
      consumer.kill();
      await once(consumer, 'exit');
    },
  };
}

/** Returns a port that was free a moment ago: others have to know it before the consumer has begun. */
async function findPort(): Promise<number> {
  const free = await listen(createServer());
  await free.close();
  return Number(new URL(free.origin).port);
}

let consumer: Awaited<ReturnType<typeof startConsumer>>;
let port: number;
beforeAll(async () => {
  port = await findPort();
  consumer = await startConsumer(port, SECRET);
});
afterAll(() => consumer.end());

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

async function pull(): Promise<string> {
  const response = await fetch(`${stage.stack.origin}/__local/token`, {
    method: 'POST',
    body: JSON.stringify({ scope: 'upload:pull' }),
  });
  const { token } = (await response.json()) as { token: string };
  const api = createVodApi({ endpoint: stage.stack.origin, token });
  return (await api.pull({ mediaUrl: 'http://samples.example.com/video.mp4' })).uploadId;
}

describe('the example consumer', () => {
  it('has at most 30 lines', async () => {
    const text = await readFile(join(ROOT, 'examples/consumer/consumer.js'), 'utf8');

    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });

  it('acts on the messages of the local stack', async () => {
    const uploadId = await pull();

    await expect.poll(consumer.readOutput).toContain(`upload.ready ${uploadId} http`);
    await expect.poll(consumer.readOutput).toContain('vod.PullComplete');
  });

  it('hears the local stack with the documented two commands, and without an endpoint', async () => {
    const [{ text } = { text: '' }] = listBlocks('examples/README.md');
    const [, first = '', options = ''] =
      /\$\(npx vod-upload (.+?)\).*\nnpx vod-upload (.+)/.exec(text) ?? [];
    const environment = { XDG_STATE_HOME: stage.dir };
    const printed = await runCommand(first.split(' '), environment, { folder });
    const listener = { port: await findPort(), ending: new AbortController() };
    const heard = await startConsumer(listener.port, printed.out.trim());
    const progress: string[] = [];
    const running = runCommand(
      options
        .replace('http://localhost:4000', `http://localhost:${listener.port}`)
        .replace('http://localhost:3000', stage.stack.origin)
        .split(' '),
      environment,
      { folder, interrupted: listener.ending.signal, progress },
    );
    await expect.poll(() => progress).toContain('listening');
    const uploadId = await pull();

    await expect.poll(heard.readOutput).toContain(`upload.ready ${uploadId} http`);
    listener.ending.abort();
    const { exitCode, out } = await running;
    await heard.end();

    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`upload\\.ready +${uploadId} .*→ 204 in`));
  });

  it('refuses what nobody has signed', async () => {
    const { status } = await fetch(`http://localhost:${port}/`, { method: 'POST', body: '{}' });

    expect(status).toBe(400);
  });
});
