import { describe, expect, test } from 'vitest';
import { createServerFacts } from '../../../../../tools/local/page/facts/server-facts.ts';
import {
  readPullOutcome,
  readPullOutcomes,
} from '../../../../../tools/local/page/pull/pull-outcome.ts';
import { viewPull } from '../../../../../tools/local/page/pull/pull-view.ts';
import { readUpload } from '../../../../../tools/local/page/stack/ledger-answers.ts';
import type { Recorded } from '../../../../../tools/local/page/stack/recorded.ts';

const order = { seq: 1, at: '2026-01-01T00:00:00.000Z' };
const sent = { uploadId: 'U1', taskId: 'T1', state: 'issued' };

function pullActivity(change: Partial<Recorded<'pull'>>): Recorded<'pull'> {
  return {
    ...{ ...order, type: 'pull', taskId: 'T1', status: 'WAITING', progress: 0 },
    ...{ url: 'media.example.com/a.mp4', ...change },
  };
}

function callback(status: number): Recorded<'function'> {
  const log = [{ eventType: 'PullComplete', taskId: 'T1', uploadId: 'U1' }];
  const call = { function: 'callback', method: 'POST', milliseconds: 1 };
  return { ...order, ...call, type: 'function', status, log };
}

/** @param upload its upload in the ledger, if it was read. */
function view(answer: unknown, facts = createServerFacts(), upload?: object) {
  const fields = { mediaUrl: 'https://media.example.com/a.mp4' };
  const item = { id: 1, fields, outcome: readPullOutcome(answer) };
  return viewPull(item, facts, upload && readUpload({ ...sent, ...upload }));
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

  test('shows a callback as received only if the function accepted it', () => {
    const facts = createServerFacts();
    facts.take(pullActivity({ status: 'FINISH', errCode: 0, fileId: 'F1' }));
    facts.take(callback(401));
    expect(view(sent, facts).callback).toBe('awaited');
  });

  test.each([
    [40_000, 'parameter'],
    [60_000, 'source'],
    [70_000, 'VOD itself'],
  ])('explains the code %i', (errCode, meaning) => {
    const facts = createServerFacts();
    facts.take(pullActivity({ status: 'FINISH', errCode, message: 'why' }));
    const { state, trouble } = view(sent, facts);
    expect(state).toBe('failed');
    expect(trouble).toMatchObject({ code: String(errCode), messages: [{ message: 'why' }] });
    expect(trouble?.advice).toContain(meaning);
  });

  test('distinguishes a failure of the service from a refusal', () => {
    const problem = { title: 'Bad Gateway', detail: 'VOD broke.', code: 'upstream_failed' };
    expect(view({ problem: { ...problem, status: 502 } }).state).toBe('failed');
    expect(view({ problem: { ...problem, status: 422 } }).state).toBe('refused');
  });

  test('follows a queued pull once its task is known, from the ledger or from its event', () => {
    const queued = { uploadId: 'U1', state: 'issued' };
    const facts = createServerFacts();
    expect(view(queued, facts)).toMatchObject({ state: 'waiting', label: 'Queued', taskId: '' });
    expect(view(queued, facts, {})).toMatchObject({ state: 'sent', taskId: 'T1' });
    facts.take(pullActivity({ status: 'FINISH', errCode: 0, fileId: 'F1' }));
    facts.take(callback(200));
    expect(view(queued, facts)).toMatchObject({ state: 'made', taskId: 'T1' });
  });

  test('shows an upload that was cancelled or rejected here, whatever VOD reports', () => {
    const facts = createServerFacts();
    facts.take(pullActivity({ status: 'FINISH', errCode: 0, fileId: 'F1' }));
    expect(view(sent, facts, { state: 'cancelled' })).toMatchObject({
      ...{ state: 'cancelled', label: 'Cancelled', mediaUrl: '' },
    });
    const problem = { code: 'too_large', detail: 'The file has 9 bytes, 7 are allowed.' };
    expect(view(sent, facts, { state: 'rejected', problem })).toMatchObject({
      state: 'failed',
      label: 'Rejected',
      trouble: { code: 'too_large', messages: [{ message: problem.detail }] },
    });
  });

  test('uses only the ledger for what the stack no longer knows', () => {
    const facts = createServerFacts();
    const made = { state: 'ready', fileId: 'F1', mediaUrl: '/media/a', size: 2_000, duration: 3 };
    expect(view(sent, facts, made)).toMatchObject({
      ...{ state: 'made', fileId: 'F1', mediaUrl: '/media/a', note: '3 s · 2.0 kB' },
    });
    const detail = 'VOD could not read it.';
    const problem = { code: 'pull_failed', detail, vodErrCode: 60_000 };
    expect(view(sent, facts, { state: 'failed', problem })).toMatchObject({
      state: 'failed',
      trouble: {
        ...{ code: 'pull_failed', messages: [{ message: detail }] },
        advice: expect.stringContaining('The source cannot be fetched'),
      },
    });
    expect(view(sent, facts, {})).toMatchObject({ state: 'sent' });
  });

  test('shows the source of a restored pull, as far as it is known', () => {
    const facts = createServerFacts();
    const item = { id: 1, fields: { mediaUrl: '' }, outcome: readPullOutcome(sent) };
    const upload = readUpload({ ...sent, name: 'holiday' });
    expect(viewPull(item, facts, upload)).toMatchObject({
      ...{ isRepeatable: false, address: { host: 'holiday', path: '' } },
    });
    expect(viewPull(item, facts, undefined).address).toEqual({
      host: 'Pull without a name',
      path: '',
    });
    const odd = readUpload({ ...sent, name: 'what? now.mp4' });
    expect(viewPull(item, facts, odd).address).toEqual({ host: 'what? now.mp4', path: '' });
    facts.take(pullActivity({}));
    expect(viewPull(item, facts, upload).address).toEqual({
      ...{ host: 'media.example.com', path: '/a.mp4' },
    });
  });
});

describe('readPullOutcomes()', () => {
  test("reads each item, and names its wrong fields without the item's index", () => {
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
