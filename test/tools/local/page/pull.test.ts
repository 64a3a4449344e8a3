import { describe, expect, test } from 'vitest';
import { viewPull } from '../../../../tools/local/page/pull.ts';
import { readPullOutcome, readPullOutcomes } from '../../../../tools/local/page/pull-outcome.ts';
import type { Recorded } from '../../../../tools/local/page/recorded.ts';
import { createServerFacts } from '../../../../tools/local/page/server-facts.ts';

const order = { seq: 1, at: '2026-01-01T00:00:00.000Z' };
const sent = { uploadId: 'U1', taskId: 'T1', state: 'issued' };

function pullActivity(change: Partial<Recorded<'pull'>>): Recorded<'pull'> {
  return {
    ...{ ...order, type: 'pull', taskId: 'T1', status: 'WAITING', progress: 0 },
    ...{ url: 'media.example.com/a.mp4', ...change },
  };
}

function callback(status: number): Recorded<'function'> {
  const log = [{ eventType: 'PullComplete', taskId: 'T1' }];
  return { ...order, type: 'function', function: 'callback', status, milliseconds: 1, log };
}

function view(answer: unknown, facts = createServerFacts()) {
  const fields = { mediaUrl: 'https://media.example.com/a.mp4' };
  return viewPull({ id: 1, fields, outcome: readPullOutcome(answer) }, facts);
}

describe('viewPull()', () => {
  test('follows the task from being sent to its media', () => {
    const facts = createServerFacts();
    expect(view(sent, facts)).toMatchObject({ state: 'sent', callback: 'none' });
    facts.take(pullActivity({}));
    expect(view(sent, facts)).toMatchObject({ state: 'waiting' });
    facts.take(pullActivity({ status: 'PROCESSING', progress: 50 }));
    expect(view(sent, facts)).toMatchObject({ state: 'fetching', progress: 50 });
    facts.take(pullActivity({ status: 'FINISH', progress: 100, errCode: 0, fileId: 'F1' }));
    expect(view(sent, facts)).toMatchObject({ state: 'made', fileId: 'F1', callback: 'awaited' });
    facts.take(callback(200));
    expect(view(sent, facts)).toMatchObject({ callback: 'received' });
  });

  test('counts a callback as received only where the function accepted it', () => {
    const facts = createServerFacts();
    facts.take(pullActivity({ status: 'FINISH', errCode: 0, fileId: 'F1' }));
    facts.take(callback(401));
    expect(view(sent, facts).callback).toBe('awaited');
  });

  test.each([
    [40_000, 'parameter'],
    [60_000, 'source'],
    [70_000, 'VOD itself'],
  ])('says what the code %i means', (errCode, meaning) => {
    const facts = createServerFacts();
    facts.take(pullActivity({ status: 'FINISH', errCode, message: 'why' }));
    const { state, trouble } = view(sent, facts);
    expect(state).toBe('failed');
    expect(trouble).toMatchObject({ code: String(errCode), messages: [{ message: 'why' }] });
    expect(trouble?.advice).toContain(meaning);
  });

  test('tells a failure of the service from a refusal', () => {
    const problem = { title: 'Bad Gateway', detail: 'VOD broke.', code: 'upstream_failed' };
    expect(view({ problem: { ...problem, status: 502 } }).state).toBe('failed');
    expect(view({ problem: { ...problem, status: 422 } }).state).toBe('refused');
  });

  test('says that a pull taken before has no task to follow', () => {
    expect(view({ uploadId: 'U1', state: 'issued' })).toMatchObject({ state: 'sent', taskId: '' });
  });
});

describe('readPullOutcomes()', () => {
  test('reads each item, and names its wrong fields without its place', () => {
    const errors = [{ path: 'items.1.mediaUrl', message: 'must be public' }];
    const problem = { status: 400, title: 'Bad Request', code: 'invalid_request', errors };
    const detail = 'no time';
    expect(readPullOutcomes({ items: [sent, { problem }, { queued: false, detail }] })).toEqual([
      { kind: 'sent', uploadId: 'U1', taskId: 'T1' },
      {
        kind: 'refused',
        problem: {
          ...problem,
          detail: '',
          errors: [{ path: 'mediaUrl', message: 'must be public' }],
        },
      },
      { kind: 'unsent', detail },
    ]);
  });
});
