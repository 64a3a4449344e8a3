import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/config-error.ts';
import { selectTargets } from '../../../lib/model/message-type.ts';
import {
  type BatchOptions,
  type DeliveryOutcome,
  type DueDelivery,
  deliverBatch,
} from '../../../lib/webhooks/deliver-batch.ts';
import type { SendResult, Target } from '../../../lib/webhooks/target.ts';
import { messageOf } from './consumer.ts';

const NOW = Date.UTC(2026, 0, 31, 8);
const DAY = 86_400_000;
const TAKEN: SendResult = { ok: true, status: 200, gone: false };
const FAILED: SendResult = { ok: false, status: 500, error: 'http_500', gone: false };
const GONE: SendResult = { ok: false, status: 410, error: 'http_410', gone: true };

function targetOf(id: string, send: Target['send']): Target {
  return { id, events: ['*'], send };
}

interface Claim {
  readonly to: string;
  readonly place: number;
}

function claim(
  targetId: string,
  count = 1,
  fields: Partial<DueDelivery<Claim>> = {},
): readonly DueDelivery<Claim>[] {
  return Array.from({ length: count }, (_, i) => ({
    claim: { to: targetId, place: i },
    targetId,
    message: messageOf(String(i)),
    attempts: 0,
    ...fields,
  }));
}

function deliver(
  deliveries: readonly DueDelivery<Claim>[],
  targets: readonly Target[],
  options: Partial<BatchOptions<Claim>> = {},
): Promise<readonly DeliveryOutcome<Claim>[]> {
  return deliverBatch(deliveries, {
    targets,
    clock: { now: () => NOW },
    random: { fraction: () => 0.5 },
    deadline: { left: () => 60_000 },
    settle: async () => {},
    ...options,
  });
}

/** A target that answers only when the test releases it. */
function createSlowTarget(id: string) {
  const waiting: (() => void)[] = [];
  const counts = { inFlight: 0, most: 0, begun: 0 };
  const target = targetOf(id, async () => {
    counts.begun += 1;
    counts.inFlight += 1;
    counts.most = Math.max(counts.most, counts.inFlight);
    await new Promise<void>((resolve) => waiting.push(resolve));
    counts.inFlight -= 1;
    return TAKEN;
  });
  const release = async () => {
    for (;;) {
      await setImmediate();
      const batch = waiting.splice(0);
      if (batch.length === 0) return;
      for (const resolve of batch) resolve();
    }
  };
  return { target, counts, release };
}

describe('deliverBatch()', () => {
  it('returns the outcome of each delivery', async () => {
    const targets = [
      targetOf('fine', async () => TAKEN),
      targetOf('broken', async () => FAILED),
      targetOf('gone', async () => GONE),
    ];
    const batch = [...claim('fine'), ...claim('broken'), ...claim('gone')];

    const outcomes = await deliver(batch, targets);

    const attempted = { attempts: 1, since: NOW };
    expect(outcomes).toEqual([
      { kind: 'done', claim: { to: 'fine', place: 0 }, ...attempted, status: 200 },
      {
        kind: 'retry',
        claim: { to: 'broken', place: 0 },
        ...attempted,
        status: 500,
        error: 'http_500',
        at: NOW + 3_000,
      },
      {
        kind: 'paused',
        claim: { to: 'gone', place: 0 },
        ...attempted,
        status: 410,
        error: 'http_410',
        dead: false,
      },
    ]);
  });

  it('returns nothing for an empty batch', async () => {
    expect(await deliver([], [])).toEqual([]);
  });

  it('keeps the start of the three days over later attempts', async () => {
    const [outcome] = await deliver(claim('broken', 1, { attempts: 3, since: NOW - 3_600_000 }), [
      targetOf('broken', async () => FAILED),
    ]);

    expect(outcome).toMatchObject({
      kind: 'retry',
      attempts: 4,
      since: NOW - 3_600_000,
      at: NOW + 75 * 60_000,
    });
  });

  it('retries as late as the consumer asks', async () => {
    const busy = { ...FAILED, status: 429, error: 'http_429', retryAfterSeconds: 600 };

    const [outcome] = await deliver(claim('busy'), [targetOf('busy', async () => busy)]);

    expect(outcome).toMatchObject({ kind: 'retry', at: NOW + 630_000 });
  });

  it('pauses a target that has accepted nothing for three days', async () => {
    const [outcome] = await deliver(claim('broken', 1, { attempts: 10, since: NOW - 3 * DAY }), [
      targetOf('broken', async () => FAILED),
    ]);

    expect(outcome).toMatchObject({ kind: 'paused', dead: true, attempts: 11, error: 'http_500' });
  });

  it('gives up one delivery if its target has accepted others in the meantime', async () => {
    const old = { attempts: 10, since: NOW - 3 * DAY };
    const target = targetOf('picky', async ({ data }) =>
      data['uploadId'] === '0' ? TAKEN : FAILED,
    );

    const known = await deliver(
      [...claim('broken', 1, { ...old, targetDeliveredAt: old.since }), ...claim('broken', 1, old)],
      [targetOf('broken', async () => FAILED)],
    );
    const learnt = await deliver(claim('picky', 2, old), [target]);

    expect(known.map(({ kind }) => kind)).toEqual(['failed', 'failed']);
    expect(learnt.map(({ kind }) => kind)).toEqual(['done', 'failed']);
  });

  it('sends nothing more to a target that answers 410', async () => {
    let sent = 0;
    const target = targetOf('gone', async () => {
      sent += 1;
      return GONE;
    });

    const outcomes = await deliver(claim('gone', 20), [target]);

    expect(sent).toBeLessThanOrEqual(4);
    expect(outcomes.filter(({ kind }) => kind === 'paused')).toHaveLength(sent);
    expect(outcomes.filter(({ kind }) => kind === 'unsent')).toHaveLength(20 - sent);
  });

  it('retries deliveries to a target that is not configured for three days', async () => {
    const outcomes = await deliver(
      [...claim('new'), ...claim('old', 1, { since: NOW - 3 * DAY })],
      [],
    );

    expect(outcomes).toMatchObject([
      { kind: 'retry', error: 'unknown_target' },
      { kind: 'failed', error: 'unknown_target' },
    ]);
  });

  it('delivers everything to a fast target while a slow one has not answered', async () => {
    const slow = createSlowTarget('slow');
    const fast = targetOf('fast', async () => TAKEN);
    const settled: string[] = [];
    // The slow target's deliveries come first and would fill lanes that all targets share.
    const batch = [...claim('slow', 50), ...claim('fast', 50)];

    const all = deliver(batch, [slow.target, fast], {
      settle: async ({ claim: { to }, kind }) => {
        settled.push(`${to}: ${kind}`);
      },
    });
    await expect.poll(() => settled.length).toBe(50);

    expect(new Set(settled)).toEqual(new Set(['fast: done']));
    expect(slow.counts).toEqual({ inFlight: 4, most: 4, begun: 4 });
    await slow.release();
    expect((await all).length).toBe(100);
    expect(slow.counts.most).toBe(4);
  });

  it('leaves a lane for each target, however many are slow', async () => {
    const slow = Array.from({ length: 15 }, (_, i) => createSlowTarget(`slow-${i}`));
    const settled: string[] = [];
    const batch = [...slow.flatMap(({ target }) => claim(target.id, 10)), ...claim('fast', 10)];

    const all = deliver(
      batch,
      [...slow.map(({ target }) => target), targetOf('fast', async () => TAKEN)],
      {
        settle: async ({ claim: { to } }) => {
          settled.push(to);
        },
      },
    );
    await expect.poll(() => settled.length).toBe(10);

    expect(new Set(settled)).toEqual(new Set(['fast']));
    expect(slow.reduce((sum, { counts }) => sum + counts.inFlight, 0)).toBe(15);
    await Promise.all(slow.map(({ release }) => release()));
    expect((await all).length).toBe(160);
  });

  it('starts no attempt for which too little time is left', async () => {
    let left = 4_500;
    const limits: number[] = [];
    const target = targetOf('late', async (_message, timeLimit) => {
      limits.push(timeLimit);
      left -= 400;
      return TAKEN;
    });

    const outcomes = await deliver(claim('late', 10), [target], {
      deadline: { left: () => left },
    });

    const kinds = outcomes.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'done').length).toBe(limits.length);
    expect(kinds.filter((kind) => kind === 'unsent').length).toBe(10 - limits.length);
    expect(Math.min(...limits)).toBeGreaterThanOrEqual(2_000);
    expect(limits.length).toBeGreaterThan(0);
    expect(limits.length).toBeLessThan(10);
  });

  it.each([
    [3_000, 'done'],
    [2_999, 'unsent'],
  ])(
    'starts an attempt with two seconds for it and one to record its result (%i)',
    async (left, kind) => {
      const outcomes = await deliver(claim('late'), [targetOf('late', async () => TAKEN)], {
        deadline: { left: () => left },
      });

      expect(outcomes).toMatchObject([{ kind }]);
    },
  );

  it('reports a message that cannot be sent, and sends the others', async () => {
    const cause = new TypeError('It has no time');
    const target = targetOf('any', async ({ data }) => {
      if (data['uploadId'] === '0') throw cause;
      return TAKEN;
    });

    const outcomes = await deliver(claim('any', 2), [target]);

    expect(outcomes).toContainEqual({
      kind: 'fault',
      claim: { to: 'any', place: 0 },
      cause,
    });
    expect(outcomes).toContainEqual(
      expect.objectContaining({ claim: { to: 'any', place: 1 }, kind: 'done' }),
    );
  });

  it('throws errors that are not about a message', async () => {
    const fault = new ConfigError([{ variable: 'VOD_SECRET_ID', message: 'must be set' }]);
    const target = targetOf('any', () => Promise.reject(fault));

    await expect(deliver(claim('any'), [target])).rejects.toBe(fault);
  });

  it('returns no status without an answer', async () => {
    const silent = targetOf('silent', async () => ({ ok: false, gone: false }));

    const [outcome] = await deliver(claim('silent'), [silent]);

    expect(outcome).toMatchObject({ kind: 'retry', error: 'unknown' });
    expect(outcome).not.toHaveProperty('status');
  });

  it('limits an attempt to ten seconds', async () => {
    const limits: number[] = [];
    await deliver(claim('any'), [
      targetOf('any', async (_message, timeLimit) => {
        limits.push(timeLimit);
        return TAKEN;
      }),
    ]);

    expect(limits).toEqual([10_000]);
  });

  it('completes the other targets before it throws that a result cannot be recorded', async () => {
    const settled: string[] = [];
    const fine = targetOf('fine', async () => TAKEN);

    const all = deliver(
      [...claim('lost'), ...claim('fine', 20)],
      [targetOf('lost', async () => TAKEN), fine],
      {
        settle: async ({ claim: { to } }) => {
          if (to === 'lost') throw new Error('The ledger is away');
          settled.push(to);
        },
      },
    );

    await expect(all).rejects.toThrow('The ledger is away');
    expect(settled).toHaveLength(20);
  });
});

describe('selectTargets()', () => {
  it('returns the targets whose filters match the type', () => {
    const targets = [
      { ...targetOf('all', async () => TAKEN), events: ['*'] },
      { ...targetOf('uploads', async () => TAKEN), events: ['upload.*', 'vod.PullComplete'] },
      { ...targetOf('ready', async () => TAKEN), events: ['upload.ready'] },
    ];
    const select = (type: Parameters<typeof selectTargets>[1]) =>
      selectTargets(targets, type).map(({ id }) => id);

    expect(select('upload.ready')).toEqual(['all', 'uploads', 'ready']);
    expect(select('upload.failed')).toEqual(['all', 'uploads']);
    expect(select('vod.PullComplete')).toEqual(['all', 'uploads']);
    expect(select('vod.FileDeleted')).toEqual(['all']);
  });
});
