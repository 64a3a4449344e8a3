import { describe, expect, it } from 'vitest';
import { widthOf } from '../../../../tools/cli/show-text.ts';
import { runCommand } from '../cli-stage.ts';
import { id, useUploadsServer } from '../uploads-server.ts';

const { ledger, sql, issue, run } = useUploadsServer(['orders']);

/** Gives up all deliveries that wait. */
async function giveUp() {
  for (const claim of await ledger.claimDeliveries(100, 60, 100)) {
    await ledger.failDelivery(claim, { error: 'http_500', dead: true });
  }
}

it('says how to name the function without a key', async () => {
  const { exitCode, error } = await runCommand(['uploads', 'list'], {});

  expect(exitCode).toBe(2);
  expect(error).toContain('Or name the function with --uploads-url, such as http://localhost:3000');
});

it('names wrong variables', async () => {
  const key = { TENCENT_SECRET_ID: 'id', TENCENT_SECRET_KEY: 'key', VOD_SUB_APP_ID: 'film' };

  const { error } = await runCommand(['uploads', 'list'], key);

  expect(error).toMatch(/^vod-upload uploads: VOD_SUB_APP_ID must be [^;]*\.\n$/);
});

describe('vod-upload uploads', () => {
  it('lists uploads, newest first, as a table', async () => {
    await issue('a');
    await issue('b', 'bob');
    await ledger.transition(id('a'), 'uploaded', { fileId: 'f', name: 'film', size: 5_242_880 });

    const { exitCode, out } = await run(['uploads', 'list']);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));

    expect(exitCode).toBe(0);
    expect(lines).toEqual([
      ['uploadId', 'state', 'method', 'owner', 'name', 'size', 'createdAt'],
      [id('b'), 'issued', 'client', 'bob', expect.stringMatching(/Z$/)],
      [id('a'), 'ready', 'client', 'ann', 'film', '5.2 MB', expect.stringMatching(/Z$/)],
    ]);
  });

  it('filters, and lists more than a page as lines of JSON', async () => {
    await sql`
      insert into uploads (upload_id, method, state, last_fact, owner, created_at, updated_at)
      select 'u' || i, 'pull', 'failed', 'issued', 'ann', '2026-01-01', now() from generate_series(1, 230) i`;
    await issue('a');
    const list = async (...args: string[]) =>
      (await run(['uploads', 'list', '--json', ...args])).out.trimEnd().split('\n');

    expect(await list('--limit', '220', '--state', 'failed')).toHaveLength(220);
    const names = (await list('--limit', '999')).map((line) => JSON.parse(line).uploadId);
    expect(new Set(names).size).toBe(231);
    expect(await list('--method', 'client', '--owner', 'ann')).toHaveLength(1);
  });

  it('fits a table to the terminal, whatever is in a name', async () => {
    const name = `제주도 여행 영상 ${'x'.repeat(80)}\u001b[31m\n`;
    await issue('a', 'someone@a-long-domain.example.com');
    await ledger.transition(id('a'), 'uploaded', { fileId: 'f', name });

    const { out } = await run(['uploads', 'list'], { columns: 100 });
    const lines = out.trimEnd().split('\n');

    expect(lines).toHaveLength(2);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(100);
    expect(lines[1]).toContain(id('a'));
    expect(lines[1]).toContain('제주');
    expect(lines[1]).toContain('…');
    expect(out).not.toContain('\u001b');
  });

  it('shows, cancels and explains one', async () => {
    await issue('a');
    await ledger.transition(id('a'), 'uploadedForProcessing', { fileId: 'f' });
    await giveUp();

    expect((await run(['uploads', 'show', id('a')])).out).toMatch(/^state {3,}uploaded$/m);
    const cancelled = await run(['uploads', 'cancel', id('a'), '--json']);
    expect(JSON.parse(cancelled.out)).toMatchObject({ uploadId: id('a'), state: 'cancelled' });
    const { out } = await run(['uploads', 'events', id('a')]);
    expect(out).toMatch(/upload\.issued {2,}evt_\w+ {2,}orders dead \(1, http_500\)/);
    expect(out).toMatch(/upload\.cancelled {2,}evt_\w+ {2,}orders pending \(0\)/);
    expect(out).toMatch(/delete {2,}f {2,}pending \(0\)/);
    expect(JSON.parse((await run(['uploads', 'events', id('a'), '--json'])).out)).toMatchObject({
      ...{ uploadId: id('a'), events: [{ eventType: 'upload.issued' }, {}, {}] },
    });
  });

  it('ends with 1 if there is none, or it has ended', async () => {
    await issue('a');
    await ledger.transition(id('a'), 'uploaded', { fileId: 'f' });

    expect(await run(['uploads', 'show', id('none')])).toMatchObject({
      exitCode: 1,
      error: `vod-upload uploads show: ${id('none')}: uploads answered 404: There is no upload with this id.\n`,
    });
    expect(await run(['uploads', 'cancel', id('a')])).toMatchObject({
      ...{ exitCode: 1, error: expect.stringContaining('uploads answered 409: ') },
    });
  });

  it('continues with the others if there is none of an id, or it has ended', async () => {
    await issue('ended');
    await ledger.transition(id('ended'), 'uploaded', { fileId: 'f' });
    await issue('a');
    await issue('b');
    const names = [id('none'), id('a'), id('ended'), id('b')];

    const cancelled = await run(['uploads', 'cancel', ...names, '--json']);
    const shown = await run(['uploads', 'show', ...names, '--json']);

    const read = ({ out }: { readonly out: string }) =>
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ uploadId, state }) => [uploadId, state]);
    expect(read(cancelled)).toEqual([
      [id('a'), 'cancelled'],
      [id('b'), 'cancelled'],
    ]);
    expect(cancelled.error.split('\n')).toEqual([
      expect.stringMatching(`^vod-upload uploads cancel: ${id('none')}: uploads answered 404: `),
      expect.stringMatching(`^vod-upload uploads cancel: ${id('ended')}: uploads answered 409: `),
      '',
    ]);
    expect(read(shown).map(([name]) => name)).toEqual([id('a'), id('ended'), id('b')]);
    expect([cancelled.exitCode, shown.exitCode]).toEqual([1, 1]);
  });

  it.each([
    [[], 'The first argument must be one of list, show, events and cancel.'],
    [['lst'], 'Did you mean "list"?'],
    [['list', 'x'], 'list has no arguments'],
    [['list', '--limit', '0'], '--limit must be a whole number'],
    [['list', '--state', 'done'], '--state must be issued or'],
    [['list', '--method', 'fax'], '--method must be client or'],
    [['show'], 'The id of an upload must be given.'],
    [['events', id('a'), id('b')], 'Only one id can be given.'],
    [['cancel', 'x'], 'The id of an upload has 26 digits'],
    [['toString'], 'The first argument must be one of'],
  ])('refuses %j', async (args, text) => {
    const { exitCode, out, error } = await run(['uploads', ...args]);

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error).toContain(text);
  });
});

describe('vod-upload dead', () => {
  it('lists deliveries that were given up and what was set aside', async () => {
    await issue('a');
    await giveUp();
    const failure = { code: 'internal', reason: 'It failed.' };
    await ledger.countItemFailure({ kind: 'upload', id: id('a'), ...failure }, 1);

    const { out } = await run(['dead', 'list']);
    expect(out).toMatch(
      new RegExp(`^message {2}evt_${id('a')}_issued {2}orders {2,}1 {2,}http_500`, 'm'),
    );
    expect(out).toMatch(new RegExp(`^upload {3}${id('a')} .*It failed\\.`, 'm'));
    const lines = (await run(['dead', 'list', '--json'])).out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).kind)).toEqual(['message', 'upload']);
  });

  it('has an item tried again, once', async () => {
    await issue('a');
    const failure = { code: 'internal', reason: 'It failed.' };
    await ledger.countItemFailure({ kind: 'upload', id: id('a'), ...failure }, 1);
    const replay = (...args: string[]) => run(['dead', 'replay', 'upload', id('a'), ...args]);

    expect(await replay()).toMatchObject({ exitCode: 0, out: 'The next sweep tries it again.\n' });
    expect(await replay('--json')).toMatchObject({ exitCode: 1, out: '{"replayed":0}\n' });
  });

  it('continues with the other items if there is none of an id', async () => {
    await issue('a');
    const failure = { code: 'internal', reason: 'It failed.' };
    await ledger.countItemFailure({ kind: 'upload', id: id('a'), ...failure }, 1);

    const { exitCode, out } = await run(['dead', 'replay', 'upload', id('none'), id('a')]);

    expect(exitCode).toBe(1);
    expect(out).toBe(
      `${id('none')}: There is no such item, or it cannot be tried again.\n${id('a')}: The next sweep tries it again.\n`,
    );
  });

  it.each([
    [['replay', 'message', 'evt_1'], '"vod-upload replay"'],
    [['replay', 'film', 'x'], 'The kind must be event or'],
    [['replay', 'event'], 'replay needs a kind and its ids'],
    [['list', '--limit', 'x'], '--limit must be a whole number'],
  ])('refuses %j', async (args, text) => {
    const { exitCode, error } = await run(['dead', ...args]);

    expect(exitCode).toBe(2);
    expect(error).toContain(text);
  });
});
