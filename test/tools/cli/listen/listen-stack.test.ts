import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { perTest } from '../../../support/per-test.ts';
import { useStack } from '../../../support/stack-stage.ts';
import { runCommand } from '../cli-stage.ts';
import { startConsumer, verifyMessage } from '../consumer-stage.ts';

const stage = useStack(undefined, { per: 'file' });
const consumer = perTest(startConsumer);

const PROGRAM = fileURLToPath(new URL('../../../../tools/cli/vod-upload.mjs', import.meta.url));

async function mintToken(scope: string): Promise<string> {
  const body = JSON.stringify({ sub: 'user-42', scope });
  const response = await fetch(`${stage.stack.origin}/__local/token`, { method: 'POST', body });
  const { token } = (await response.json()) as { readonly token: string };
  return token;
}

describe('vod-upload with the local stack', () => {
  it('hears without a token what the built functions record, and cancels what it heard', async () => {
    const ending = new AbortController();
    const progress: string[] = [];
    const where = ['--uploads-url', stage.stack.origin];
    const environment = { XDG_STATE_HOME: stage.dir };
    const running = runCommand(
      ['listen', '--forward-to', consumer.url, '--types', 'upload.*', ...where],
      environment,
      { folder: stage.dir, interrupted: ending.signal, progress },
    );
    await expect.poll(() => progress).toContain('listening');

    const answer = await fetch(`${stage.stack.origin}/signature`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${await mintToken('upload:sign')}` },
      body: '{}',
    });
    const { uploadId } = (await answer.json()) as { readonly uploadId: string };
    await expect.poll(() => consumer.received).toHaveLength(1);
    const cancelled = await runCommand(['uploads', 'cancel', uploadId, ...where], environment);
    await expect.poll(() => consumer.received).toHaveLength(2);
    ending.abort();
    const { exitCode, error } = await running;

    expect([exitCode, cancelled.exitCode]).toEqual([0, 0]);
    const [, secret = ''] = /the secret (whsec_\S+)\. /.exec(error) ?? [];
    expect(consumer.received.map((received) => verifyMessage(received, secret))).toMatchObject([
      { type: 'upload.issued', data: { uploadId, owner: 'user-42' } },
      { type: 'upload.cancelled', data: { uploadId } },
    ]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly at %s', async (signal) => {
    const env = { PATH: process.env['PATH'] ?? '', XDG_STATE_HOME: stage.dir };
    const args = [PROGRAM, 'listen', '--uploads-url', stage.stack.origin];
    const child = spawn(process.execPath, args, { env, cwd: stage.dir });
    const written: string[] = [];
    child.stderr.on('data', (bytes: Buffer) => written.push(bytes.toString()));
    await expect.poll(() => written.join('')).toContain('listening');
    child.kill(signal);
    const [code] = await once(child, 'exit');

    expect(code).toBe(0);
    expect(written.join('')).toMatch(/\n0 messages\.\n$/);
  });
});
