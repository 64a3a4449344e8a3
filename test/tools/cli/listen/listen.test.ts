import { readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { perTest } from '../../../support/per-test.ts';
import { settleFeed } from '../../../support/settle-feed.ts';
import { until } from '../../../support/until.ts';
import { eventOf } from '../../../support/use-ledger.ts';
import { runCommand } from '../cli-stage.ts';
import { startConsumer, verifyMessage } from '../consumer-stage.ts';
import { id, useUploadsServer } from '../uploads-server.ts';

const stage = useUploadsServer();
const { ledger, failures, issue } = stage;
const consumer = perTest(startConsumer);

/** Starts the command; `end` ends it as Ctrl-C does. */
async function startListening(args: readonly string[], scope?: string) {
  const ending = new AbortController();
  const lines: string[] = [];
  const progress: string[] = [];
  const running = stage.run(['listen', ...args], {
    ...{ interrupted: ending.signal, onOut: (text: string) => lines.push(text), progress },
    ...(scope === undefined ? {} : { scope }),
  });
  await Promise.race([until(() => expect(progress).toContain('listening')), running]);
  const end = () => {
    ending.abort();
    return running;
  };
  return { lines, progress, running, end };
}

describe('vod-upload listen', () => {
  it('shows what is recorded while it waits, and sends it signed', async () => {
    await issue('before');
    await settleFeed(stage.sql);
    const { lines, end } = await startListening(['--forward-to', consumer.url]);
    await issue('a');
    await ledger.recordEvent(
      eventOf([], {
        ...{ eventId: 'evt_vod', eventType: 'vod.FileDeleted', subAppId: 7 },
        payload: { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['f'] } },
      }),
    );
    await until(() => expect(lines).toHaveLength(2));
    const { exitCode, error } = await end();
    const [, secret = ''] = /the secret (whsec_\S+)\. /.exec(error) ?? [];

    expect(exitCode).toBe(0);
    expect(error).toContain('2 messages, 0 not accepted.');
    const messages = consumer.received.map((received) => verifyMessage(received, secret));
    expect(messages).toMatchObject([
      { type: 'upload.issued', data: { uploadId: id('a'), owner: 'ann' } },
      { type: 'vod.FileDeleted', data: { EventType: 'FileDeleted', SubAppId: 7 } },
    ]);
    expect(consumer.received[0]?.headers).toMatchObject({
      ...{ 'webhook-id': messages[0]?.id, 'content-type': 'application/json' },
      'user-agent': 'vod-upload-backend',
    });
    expect(lines[0]).toMatch(
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z  upload\\.issued {4,}${id('a')}  → 204 in \\d+ ms\n$`,
      ),
    );
  });

  it('sends only the types that are asked for', async () => {
    const args = ['--forward-to', consumer.url, '--types', 'upload.cancelled'];
    const { lines, end } = await startListening(args);
    await issue('a');
    await ledger.transition(id('a'), 'cancelled');
    await until(() => expect(lines).toHaveLength(1));
    await end();

    expect(consumer.received.map(({ body }) => JSON.parse(body).type)).toEqual([
      'upload.cancelled',
    ]);
  });

  it('shows an owner without the administrators’ scope its own uploads', async () => {
    const { lines, end } = await startListening([], 'upload:read');
    await issue('b', 'bob');
    await issue('a');
    await until(() => expect(lines).toHaveLength(1));
    const { error } = await end();

    expect(lines[0]).toContain(id('a'));
    expect(error).toMatch(/1 message\.\n$/);
  });

  it('says what was not accepted, and how to send it again', async () => {
    const { lines, end } = await startListening(['--forward-to', consumer.url]);
    consumer.answer(500);
    await issue('a');
    await until(() => expect(lines).toHaveLength(1));
    await consumer.close();
    await issue('b');
    await until(() => expect(lines).toHaveLength(2));
    const { exitCode, error } = await end();

    expect(exitCode).toBe(0);
    expect(lines[0]).toContain('→ 500 in ');
    expect(lines[1]).toContain('→ ECONNREFUSED in ');
    expect(error).toContain(
      `"vod-upload replay evt_${id('b')}_issued --forward-to …" sends it again.`,
    );
    expect(error).toContain('2 messages, 2 not accepted.');
  });

  it('continues with --resume where it ended, and loses and doubles nothing', async () => {
    const args = ['--forward-to', consumer.url, '--json'];
    const first = await startListening(args);
    await issue('a');
    await until(() => expect(first.lines).toHaveLength(1));
    await first.end();
    await issue('b');
    await issue('c');

    const second = await startListening([...args, '--resume']);
    await issue('d');
    await until(() => expect(second.lines).toHaveLength(3));
    await second.end();
    await settleFeed(stage.sql);
    const third = await startListening(args);
    await issue('e');
    await until(() => expect(third.lines).toHaveLength(1));
    await third.end();

    const seen = consumer.received.map(({ body }) => JSON.parse(body).data.uploadId);
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'].map(id));
    expect(JSON.parse(second.lines[0] ?? '')).toMatchObject({
      eventId: `evt_${id('b')}_issued`,
      message: { type: 'upload.issued' },
      forwarded: { ok: true, status: 204, milliseconds: expect.any(Number) },
    });
  });

  it('tries again while the function fails', async () => {
    const { lines, progress, end } = await startListening([]);
    failures.push(503, 502);
    await issue('a');
    await until(() => expect(failures).toEqual([]));
    await issue('b');
    await until(() => expect(lines).toHaveLength(2));
    await end();

    expect(progress.join('\n')).toMatch(/uploads answered 50[23]: .+ Trying again in 1 s/);
  });

  it('ends at once while it waits for another attempt', async () => {
    const { progress, end } = await startListening([]);
    failures.push(...Array.from({ length: 9 }, () => 503));
    await issue('a');
    await until(() => expect(progress.join('\n')).toContain('Trying again'));

    expect((await end()).exitCode).toBe(0);
  });

  it.each([
    ['upload:sign', 'uploads answered 403: '],
    ['', 'uploads answered 403: '],
  ])('refuses a token with the scope "%s" in a sentence', async (scope, text) => {
    const { exitCode, error } = await (await startListening([], scope)).running;

    expect(exitCode).toBe(2);
    expect(error).toContain(text);
  });

  it('refuses a token that is not valid', async () => {
    const environment = { VOD_UPLOAD_TOKEN: 'canary', XDG_STATE_HOME: stage.folder };
    const { exitCode, error } = await runCommand(
      ['listen', '--uploads-url', stage.origin],
      environment,
      { folder: stage.folder },
    );

    expect(exitCode).toBe(2);
    expect(error).toContain('vod-upload listen: uploads answered 401: ');
    expect(error).not.toContain('canary');
  });

  it('says that a token is missing where there is no local stack', async () => {
    const { exitCode, error } = await stage.run(['listen'], { scope: null });

    expect(exitCode).toBe(2);
    expect(error).toContain('VOD_UPLOAD_TOKEN must be set');
  });

  it('says so if a list of messages is not what answers', async () => {
    failures.push(200);
    const { exitCode, error } = await (await startListening([])).running;

    expect(exitCode).toBe(2);
    expect(error).toContain('is not the function uploads: correct --uploads-url');
  });

  it.each([
    [['--forward-to', 'localhost:8080'], '--forward-to must be an http or https URL'],
    [['--forward-to', 'http://user:pass@localhost/'], '--forward-to must be an http or https URL'],
    [['--secret', 'whsec_canary'], '--secret must be whsec_ and the Base64 of'],
    [['--types', 'upload.done'], '--types must be vod. and a type of VOD'],
    [['--uploads-url', 'http://functions.example.com'], '--uploads-url must begin with https://'],
    [['--forward', 'x'], 'There is no option --forward.'],
  ])('refuses %j', async (args, text) => {
    const { exitCode, out, error } = await stage.run(['listen', ...args]);

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error).toContain(text);
    expect(error).not.toContain('canary');
  });

  it('signs with a secret of the folder, which only its user can read', async () => {
    const print = async (folder: string) =>
      (await stage.run(['listen', '--print-secret'], { folder })).out;

    const secret = await print(stage.folder);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=\n$/);
    expect(await print(stage.folder)).toBe(secret);
    expect(await print(tmpdir())).not.toBe(secret);
    const kept = join(stage.folder, 'state', 'vod-upload');
    const [name = ''] = await readdir(kept);
    expect((await stat(join(kept, name))).mode & 0o077).toBe(0);
  });
});
