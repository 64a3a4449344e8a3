import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildRuntime } from '../../../../tools/local/gateway/build-runtime.ts';
import { createPool, type Pool } from '../../../../tools/local/gateway/pool.ts';
import { makeFolder } from '../../../support/make-folder.ts';

let dir: string;
let runtime: string;
let pool: Pool | undefined;

beforeEach(async () => {
  dir = await makeFolder();
  await writeFile(join(dir, 'package.json'), '{ "type": "commonjs" }');
  runtime = await buildRuntime(dir);
});

afterEach(async () => {
  await pool?.close();
});

/** Creates a pool for a function whose handler has `body`. */
async function run(body: string, environment: Record<string, string> = {}): Promise<Pool> {
  const file = join(dir, 'function.js');
  await writeFile(
    file,
    `let calls = 0; exports.main_handler = async (event, context) => { ${body} };`,
  );
  pool = createPool(
    { name: 'under-test', file, environment, timeoutSeconds: 5, memoryMegabytes: 64 },
    runtime,
  );
  return pool;
}

function call(event: unknown = {}, timeLimitMilliseconds = 5_000) {
  return { event, context: { request_id: 'r1' }, timeLimitMilliseconds };
}

describe('createPool()', () => {
  it('passes the function its event, its context and only its own environment', async () => {
    const functions = await run(
      'return { event, keys: Object.keys(process.env), id: context.request_id, left: context.getRemainingTimeInMillis() };',
      { ONLY: 'this' },
    );

    const outcome = await functions.call(call({ a: 1 }));

    expect(outcome).toMatchObject({ kind: 'result', value: { event: { a: 1 }, id: 'r1' } });
    const { keys, left } = (outcome as { value: { keys: string[]; left: number } }).value;
    // Only the channel to the parent is added by Node itself.
    expect(keys.filter((key) => !key.startsWith('NODE_CHANNEL_'))).toEqual(['ONLY']);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5_000);
  });

  it('passes on only what JSON can represent', async () => {
    const functions = await run('return { when: new Date(0), gone: undefined, odd: NaN };');

    expect(await functions.call(call())).toMatchObject({
      value: { when: '1970-01-01T00:00:00.000Z', odd: null },
    });
  });

  it('returns what the function logs, in order, with its result', async () => {
    const functions = await run("console.log('one'); process.stdout.write('two\\n'); return 1;");

    expect(await functions.call(call())).toEqual({ kind: 'result', value: 1, log: 'one\ntwo\n' });
  });

  it('calls an idle instance again, and never a busy one', async () => {
    const functions = await run(
      'calls += 1; const mine = calls; await new Promise((r) => setTimeout(r, event.ms)); return { pid: process.pid, mine, now: calls };',
    );

    const first = await functions.call(call({ ms: 0 }));
    const second = await functions.call(call({ ms: 0 }));
    const parallel = await Promise.all(
      Array.from({ length: 12 }, () => functions.call(call({ ms: 20 }))),
    );

    type Value = { pid: number; mine: number; now: number };
    const answerOf = (outcome: object) => (outcome as { value: Value }).value;
    expect(answerOf(second).pid).toBe(answerOf(first).pid);
    expect(answerOf(second).mine).toBe(2);
    for (const outcome of parallel) expect(answerOf(outcome).now).toBe(answerOf(outcome).mine);
    const pids = new Set(parallel.map((outcome) => answerOf(outcome).pid));
    expect(pids.size).toBeGreaterThan(1);
    expect(pids.size).toBeLessThanOrEqual(4);
  });

  it('aborts a call at its time limit, and ends the instance', async () => {
    const functions = await run('if (event.hang) await new Promise(() => {}); return process.pid;');
    const before = await functions.call(call());

    const hung = await functions.call(call({ hang: true }, 50));
    const after = await functions.call(call());

    expect(hung).toEqual({ kind: 'timeout', log: '' });
    expect(after.kind).toBe('result');
    expect((after as { value: number }).value).not.toBe((before as { value: number }).value);
  });

  it('reports a function that exits or throws, and serves the next call', async () => {
    const functions = await run(
      "if (event.exit) process.exit(3); if (event.fail) throw new TypeError('no good'); return 'fine';",
    );

    expect(await functions.call(call({ exit: true }))).toMatchObject({ kind: 'exit' });
    expect(await functions.call(call({ fail: true }))).toMatchObject({
      kind: 'error',
      message: 'TypeError: no good',
    });
    expect(await functions.call(call())).toMatchObject({ kind: 'result', value: 'fine' });
  });

  it('starts nothing after it is closed, not even for waiting calls', async () => {
    const started = join(dir, 'started');
    const functions = await run(
      `require('node:fs').appendFileSync(${JSON.stringify(started)}, 'x'); await new Promise(() => {});`,
    );
    // One more than the number of instances.
    const calls = Array.from({ length: 5 }, () => functions.call(call()));
    await expect.poll(() => readFile(started, 'utf8').catch(() => '')).toBe('xxxx');

    await functions.close();
    calls.push(functions.call(call()));

    expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(Array(6).fill('exit'));
    expect(await readFile(started, 'utf8')).toBe('xxxx');
  });
});
