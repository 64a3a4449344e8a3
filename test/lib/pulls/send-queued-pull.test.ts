import { describe, expect, it } from 'vitest';
import { Problem, type ProblemCode } from '../../../lib/problem.ts';
import { toPullJob } from '../../../lib/pulls/prepare-pull.ts';
import { sendQueuedPull } from '../../../lib/pulls/send-queued-pull.ts';
import type { PullUploadOutcome, RepeatablePullUpload } from '../../../lib/vod/client.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';

const NOW = Date.UTC(2026, 10, 22, 8);

/** Returns a pull as it is queued. */
const describePull = () =>
  toPullJob(
    '01JUPLOADEXAMPLE',
    {
      owner: 'ann',
      subAppId: undefined,
      request: { mediaUrl: 'https://media.example.com/film.mp4', mediaType: 'mp4', classId: 7 },
    },
    CONTEXTS.keys[0],
  ).request;

function send(
  answer: (request: RepeatablePullUpload) => Promise<PullUploadOutcome>,
  claim: { attempt?: number; request?: Readonly<Record<string, unknown>> } = {},
) {
  // The ledger stores and returns it as JSON.
  const queued = JSON.parse(JSON.stringify(claim.request ?? describePull()));
  const dependencies = { api: { pullUpload: answer }, clock: { now: () => NOW } };
  return sendQueuedPull({ request: queued, attempt: claim.attempt ?? 1 }, dependencies, {});
}

const fail = (code: ProblemCode) => async () => {
  throw new Problem('No.', { code });
};

describe('sendQueuedPull()', () => {
  it('sends the queued request with its session', async () => {
    const sent: RepeatablePullUpload[] = [];
    const outcome = await send(async (each) => {
      sent.push(each);
      return { kind: 'accepted', taskId: 'task-1', requestId: 'r' };
    });

    expect(outcome).toEqual({ kind: 'done', taskId: 'task-1' });
    expect(sent).toEqual([
      {
        MediaUrl: 'https://media.example.com/film.mp4',
        MediaType: 'mp4',
        ClassId: 7,
        SessionId: '01JUPLOADEXAMPLE',
        SourceContext: expect.stringContaining('01JUPLOADEXAMPLE'),
      },
    ]);
  });

  it('counts a pull that VOD already has as done', async () => {
    expect(await send(async () => ({ kind: 'duplicate', requestId: 'r' }))).toStrictEqual({
      kind: 'done',
    });
  });

  it('fails with the whole refusal of VOD', async () => {
    const outcome = await send(async () => {
      throw new Problem('VOD refused the call.', {
        code: 'upstream_rejected',
        vod: { code: 'InvalidParameterValue.MediaUrl', requestId: 'r1' },
        errors: [{ path: 'mediaUrl', message: 'is not a URL that VOD can pull' }],
      });
    });

    expect(outcome).toEqual({
      kind: 'failed',
      error: 'upstream_rejected',
      problem: {
        type: 'about:blank',
        title: 'Unprocessable Content',
        status: 422,
        detail: 'VOD refused the call.',
        code: 'upstream_rejected',
        vod: { code: 'InvalidParameterValue.MediaUrl', requestId: 'r1' },
        errors: [{ path: 'mediaUrl', message: 'is not a URL that VOD can pull' }],
      },
    });
  });

  it.each(['upstream_busy', 'upstream_failed', 'upstream_timeout', 'upstream_denied'] as const)(
    'retries after %s with growing pauses of at most half an hour',
    async (code) => {
      const pauses: number[] = [];
      for (const attempt of [1, 2, 3, 9, 10, 99]) {
        const outcome = await send(fail(code), { attempt });
        if (outcome.kind === 'retry') pauses.push(outcome.at - NOW);
      }

      expect(pauses).toEqual([5_000, 10_000, 20_000, 1_280_000, 1_800_000, 1_800_000]);
    },
  );

  it('gives up before VOD forgets the session', async () => {
    let attempt = 1;
    let total = 0;
    for (; ; attempt += 1) {
      const outcome = await send(fail('upstream_busy'), { attempt });
      if (outcome.kind !== 'retry') {
        expect(outcome).toMatchObject({ kind: 'failed', problem: { code: 'upstream_busy' } });
        break;
      }
      total += outcome.at - NOW;
    }

    expect(attempt).toBe(100);
    expect(total / 86_400_000).toBeGreaterThan(1.5);
    expect(total / 86_400_000).toBeLessThan(2.5);
  });

  it('throws errors that do not come from VOD', async () => {
    await expect(send(() => Promise.reject(new Error('No key.')))).rejects.toThrow('No key.');
    for (const request of [{ MediaUrl: 'https://a.example/' }, { SessionId: '01J' }]) {
      await expect(send(fail('upstream_busy'), { request })).rejects.toThrow('what to pull');
    }
  });
});
