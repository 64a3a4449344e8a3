import { describe, expect, it } from 'vitest';
import { SAMPLE_TYPES } from '../../../../tools/cli/messages/sample-messages.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { perTest } from '../../../support/per-test.ts';
import { runCommand } from '../cli-stage.ts';
import { startConsumer, verifyMessage } from '../consumer-stage.ts';

const consumer = perTest(startConsumer);
const folder = perTest(async () => {
  const path = await makeFolder();
  return { path, close: async () => undefined };
});

const run = (...args: string[]) =>
  runCommand(['trigger', ...args], { XDG_STATE_HOME: folder.path }, { folder: folder.path });
const readSecret = async () =>
  (
    await runCommand(
      ['listen', '--print-secret'],
      { XDG_STATE_HOME: folder.path },
      { folder: folder.path },
    )
  ).out.trim();

describe('vod-upload trigger', () => {
  it.each(SAMPLE_TYPES)('sends a made-up %s, signed as listen signs', async (type) => {
    const { exitCode, out } = await run(type, '--forward-to', consumer.url);
    const [received] = consumer.received;
    if (received === undefined) throw new Error('Nothing was received.');
    const message = verifyMessage(received, await readSecret());

    expect(exitCode).toBe(0);
    expect(out).toMatch(/ → 204 in \d+ ms\n$/);
    expect(message).toMatchObject({ type, id: received.headers['webhook-id'] });
    const [kind, name] = type.split('.');
    expect(message.data[kind === 'upload' ? 'state' : 'EventType']).toBe(name);
  });

  it('has another upload each time', async () => {
    const types = ['upload.ready', 'upload.ready'];
    for (const type of types) await run(type, '--forward-to', consumer.url);
    const ids = consumer.received.map(({ body }) => JSON.parse(body).data.uploadId);

    expect(new Set(ids).size).toBe(2);
  });

  it('ends with 1 if the consumer does not accept it, and writes JSON', async () => {
    consumer.answer(400);
    const { exitCode, out } = await run('upload.failed', '--forward-to', consumer.url, '--json');

    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      message: { type: 'upload.failed', data: { problem: { code: 'processing_failed' } } },
      forwarded: { ok: false, status: 400, error: 'http_400' },
    });
  });

  it.each([
    [[], 'The argument must be one type of messages'],
    [['upload.redy'], 'Did you mean "upload.ready"?'],
    [['upload.ready', 'upload.failed'], 'must be one type'],
    [['upload.ready'], '--forward-to must name the consumer'],
    [['upload.ready', '--forward-to', 'file:///etc/passwd'], 'must be an http or https URL'],
  ])('refuses %j', async (args, text) => {
    const { exitCode, error } = await run(...args);

    expect(exitCode).toBe(2);
    expect(error).toContain(text);
  });
});
