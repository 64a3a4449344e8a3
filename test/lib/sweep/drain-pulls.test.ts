import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { VodApi } from '../../../lib/vod/client.ts';
import { TONE, useSweepStage } from './sweep-stage.ts';

const stage = useSweepStage(() => ({ emulator: { pull: { parallel: 1 } } }));

const nameUpload = (index: number) => `01JSWEEP00000000000000${String(index).padStart(4, '0')}`;

function enqueue(count: number, MediaUrl = TONE): Promise<number> {
  return stage.ledger.enqueuePulls(
    Array.from({ length: count }, (_, index) => {
      const uploadId = nameUpload(index);
      return { uploadId, owner: 'alice', request: { MediaUrl, SessionId: uploadId } };
    }),
  );
}

async function drain(api: VodApi = stage.api) {
  return (await stage.sweep({ api })).steps['pulls'];
}

/** Counts how often each pull is sent, and how many are sent at the same time. */
function watch(api: VodApi) {
  const sent: string[] = [];
  const counts = { underWay: 0, most: 0 };
  const pullUpload: VodApi['pullUpload'] = async (request, options) => {
    sent.push(request.SessionId);
    counts.underWay += 1;
    counts.most = Math.max(counts.most, counts.underWay);
    try {
      return await api.pullUpload(request, options);
    } finally {
      counts.underWay -= 1;
    }
  };
  return { api: { ...api, pullUpload }, sent, counts };
}

describe('drainPulls()', () => {
  it('sends all due pulls, several at the same time, and records their tasks', async () => {
    await enqueue(60);
    const slow: VodApi = {
      ...stage.api,
      pullUpload: async (request, options) => {
        const outcome = await stage.api.pullUpload(request, options);
        await sleep(200);
        return outcome;
      },
    };
    const { api, sent, counts } = watch(slow);

    expect(await drain(api)).toEqual({ sent: 60, retried: 0, refused: 0, setAside: 0, failed: 0 });

    expect(new Set(sent).size).toBe(60);
    expect(sent).toHaveLength(60);
    expect(counts.most).toBeGreaterThanOrEqual(8);
    expect(await stage.ledger.findUpload(nameUpload(59))).toMatchObject({
      state: 'issued',
      taskId: expect.stringContaining('-pull-'),
    });
    expect((await stage.sweep()).backlog).toMatchObject({ pulls: 0 });
  });

  it('fails an upload that VOD refuses, with the reason', async () => {
    await enqueue(1, 'not-a-url');

    expect(await drain()).toMatchObject({ sent: 0, refused: 1, failed: 0 });

    expect(await stage.ledger.findUpload(nameUpload(0))).toMatchObject({
      state: 'failed',
      problem: { code: 'upstream_rejected' },
    });
    expect(await drain()).toMatchObject({ refused: 0 });
  });

  it('retries later what VOD could not accept', async () => {
    await enqueue(2);
    stage.vod.faults.arm('request-limit-exceeded', 10_000);
    expect(await drain()).toMatchObject({ sent: 0, retried: 2, failed: 0 });
    stage.vod.faults.clear();
    expect(await drain()).toMatchObject({ sent: 0, retried: 0 });
    stage.passSeconds(10);

    expect(await drain()).toMatchObject({ sent: 2 });
  });

  it('pulls nothing twice after a lost answer', async () => {
    await enqueue(1);
    const ended = stage.vod.next(({ type }) => type === 'media');
    stage.vod.faults.arm('lost-api-answer', 1);

    expect(await drain()).toMatchObject({ sent: 1 });
    await ended;

    expect(stage.vod.emulator().media()).toHaveLength(1);
  });

  it('sends each pull once if sweeps overlap, which all take part', async () => {
    await enqueue(300);
    const sweeps = Array.from({ length: 3 }, () => watch(stage.api));

    await Promise.all(sweeps.map(({ api }) => stage.sweep({ api, ledger: stage.openOther() })));

    expect(sweeps.every(({ sent }) => sent.length > 0)).toBe(true);
    const all = sweeps.flatMap(({ sent }) => sent).sort();
    expect(all).toEqual(Array.from({ length: 300 }, (_, index) => nameUpload(index)));
  });

  it('releases the pulls for which no time is left, and the next sweep sends them', async () => {
    await enqueue(60);
    const { api, sent } = watch(stage.api);
    const deadline = { left: () => (sent.length < 30 ? 60_000 : 1_000) };

    const first = await stage.sweep({ api, deadline });
    // A call that was interrupted for lack of time is retried later than a released pull.
    stage.passSeconds(121);
    const second = await drain(api);

    expect(first.outOfTime).toBe(true);
    const total = (first.steps['pulls'] as Record<string, number>)['sent'] ?? 0;
    expect(total).toBeLessThan(60);
    expect(second).toMatchObject({ failed: 0 });
    // The first media may have been found by now, as media without an owner.
    const { items } = await stage.ledger.listUploads({ owner: 'alice', limit: 100 });
    expect(items).toHaveLength(60);
    expect(items.every(({ taskId }) => taskId)).toBe(true);
  });

  it('counts a pull that fails and continues', async () => {
    await enqueue(5);
    const api: VodApi = {
      ...stage.api,
      pullUpload: (request, options) =>
        request.SessionId === nameUpload(2)
          ? Promise.reject(new Error('No credentials.'))
          : stage.api.pullUpload(request, options),
    };

    expect(await drain(api)).toMatchObject({ sent: 4, failed: 1 });

    stage.passSeconds(121);
    expect(await drain()).toMatchObject({ sent: 1 });
  });
});
