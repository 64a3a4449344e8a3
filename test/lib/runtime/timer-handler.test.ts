import { describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../../lib/config-error.ts';
import { Problem } from '../../../lib/problem.ts';
import { timerHandler } from '../../../lib/runtime/timer-handler.ts';
import { captureLog } from '../../support/capture-log.ts';

/** The event as https://cloud.tencent.com/document/product/583/9708 prints it. */
const EVENT = {
  Type: 'Timer',
  TriggerName: 'every-minute',
  Time: '2026-01-31T08:00:00Z',
  Message: '',
};
const CONTEXT = { request_id: 'request-1', getRemainingTimeInMillis: () => 60_000 };

const log = captureLog();

describe('timerHandler()', () => {
  it('runs the job, returns its result and writes one log line', async () => {
    const handler = timerHandler('sweep', () => async ({ log, deadline }) => {
      log.items = 3;
      return { left: deadline.left() };
    });

    expect(await handler(EVENT, CONTEXT)).toEqual({ left: 60_000 });

    expect(log.line).toEqual({
      ...{ level: 'info', function: 'sweep', requestId: 'request-1', items: 3 },
      milliseconds: expect.any(Number),
    });
  });

  it.each([
    [{ ...EVENT, Message: 'now' }, 'now'],
    [EVENT, ''],
    [{ Message: 7 }, ''],
    [undefined, ''],
  ])('passes on the message of %j', async (event, message) => {
    const handler = timerHandler('sweep', () => async (_, told) => ({ told }));

    expect(await handler(event, CONTEXT)).toEqual({ told: message });
  });

  it('creates the job once', async () => {
    const open = vi.fn(() => async () => 'done');
    const handler = timerHandler('sweep', open);

    await handler(EVENT, CONTEXT);
    await handler(EVENT, CONTEXT);

    expect(open).toHaveBeenCalledTimes(1);
  });

  it('reports an invalid environment at every run until it is correct', async () => {
    let isRight = false;
    const handler = timerHandler('sweep', () => {
      if (isRight) return async () => 'done';
      throw new ConfigError([{ variable: 'DATABASE_URL', message: 'must be set' }]);
    });

    const answer = await handler(EVENT, CONTEXT);

    expect(answer).toMatchObject({ problem: { status: 500, code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('DATABASE_URL');
    expect(log.line).toMatchObject({ level: 'error', fields: ['DATABASE_URL'] });
    isRight = true;
    expect(await handler(EVENT, CONTEXT)).toBe('done');
  });

  it.each([
    ['an unexpected error', new Error('canary')],
    ['a problem', new Problem('Too busy.', { code: 'upstream_busy' })],
  ])('never rejects, and logs %s as an error', async (_, error) => {
    const handler = timerHandler('sweep', () => () => Promise.reject(error));

    await expect(handler(EVENT, CONTEXT)).resolves.toHaveProperty('problem');

    expect(log.line).toMatchObject({ level: 'error', function: 'sweep' });
    expect(log.text).not.toContain('canary');
  });

  it('works without an event or a context', async () => {
    const handler = timerHandler('sweep', () => async ({ requestId, deadline }) => [
      requestId.length,
      deadline.left(),
    ]);

    expect(await handler(undefined, undefined)).toEqual([36, Number.POSITIVE_INFINITY]);
  });
});
