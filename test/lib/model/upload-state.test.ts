import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceUpload,
  isFinished,
  UPLOAD_FACTS,
  UPLOAD_STATES,
  type UploadFact,
  type UploadState,
} from '../../../lib/model/upload-state.ts';

const TERMINAL: readonly UploadState[] = ['failed', 'rejected', 'expired', 'cancelled', 'deleted'];

/** For each fact, the next state of `issued`, `uploaded`, `processing`, `ready`; terminal states have a rule below. */
const NEXT: Readonly<Record<UploadFact, readonly [string, string, string, string]>> = {
  issued: ['issued', 'uploaded', 'processing', 'ready'],
  uploaded: ['ready', 'ready', 'ready', 'ready'],
  uploadedForProcessing: ['uploaded', 'uploaded', 'processing', 'ready'],
  processingStarted: ['processing', 'processing', 'processing', 'ready'],
  processingSucceeded: ['ready', 'ready', 'ready', 'ready'],
  processingFailed: ['failed', 'failed', 'failed', 'ready'],
  pullFailed: ['failed', 'failed', 'failed', 'ready'],
  rejected: ['rejected', 'rejected', 'rejected', 'rejected'],
  expired: ['expired', 'uploaded', 'processing', 'ready'],
  cancelled: ['cancelled', 'cancelled', 'cancelled', 'ready'],
  deleted: ['deleted', 'deleted', 'deleted', 'deleted'],
};
const LIVING = ['issued', 'uploaded', 'processing', 'ready'] as const;

/** The final state of a history whose furthest fact is this one. */
const OUTCOME: Readonly<Partial<Record<UploadFact, UploadState>>> = {
  uploadedForProcessing: 'uploaded',
  processingStarted: 'processing',
  processingSucceeded: 'ready',
  processingFailed: 'failed',
  rejected: 'rejected',
  deleted: 'deleted',
};

const shuffle = (facts: readonly UploadFact[]) =>
  fc.shuffledSubarray([...facts], { minLength: facts.length });
const anyFact = fc.constantFrom(...UPLOAD_FACTS);
const anyState = fc.constantFrom(...UPLOAD_STATES);
const tell = (facts: readonly UploadFact[], from: UploadState = 'issued') =>
  facts.reduce(advanceUpload, from);

describe('advanceUpload()', () => {
  it.each(
    UPLOAD_FACTS.flatMap((fact) =>
      LIVING.map((state, place) => ({ state, fact, next: NEXT[fact][place] })),
    ),
  )('returns $next for $state after $fact', ({ state, fact, next }) => {
    expect(advanceUpload(state, fact)).toBe(next);
  });

  it.each(TERMINAL.flatMap((state) => UPLOAD_FACTS.map((fact) => ({ state, fact }))))(
    'keeps the terminal $state, or moves from failed to rejected or deleted, after $fact',
    ({ state, fact }) => {
      const isNews = state === 'failed' && (fact === 'deleted' || fact === 'rejected');
      expect(advanceUpload(state, fact)).toBe(isNews ? fact : state);
    },
  );

  it.each(['rejected', 'cancelled', 'expired'] as const)(
    'keeps %s after the deletion of the file that was removed because of it',
    (state) => {
      expect(tell(['issued', state, 'uploaded', 'deleted'])).toBe(state);
    },
  );

  it("ends in the same state for any order and repetition of an upload's facts", () => {
    const history = fc
      .record({
        started: fc.subarray<UploadFact>(['processingStarted']),
        processed: fc.subarray<UploadFact>(['processingSucceeded', 'processingFailed'], {
          maxLength: 1,
        }),
        // The file of a rejected upload is removed, so either fact can be the last one.
        end: fc.subarray<UploadFact>(['rejected', 'deleted'], { maxLength: 1 }),
      })
      .map(({ started, processed, end }): readonly UploadFact[] => [
        ...(['issued', 'uploadedForProcessing'] as const),
        ...[...started, ...processed, ...end],
      ]);
    const told = history.chain((facts) =>
      fc.record({
        facts: fc.constant(facts),
        order: fc
          .array(fc.constantFrom(...facts), { maxLength: 12 })
          .chain((more) => shuffle([...facts, ...more])),
      }),
    );

    fc.assert(
      fc.property(told, ({ facts, order }) => {
        const furthest = OUTCOME[facts.at(-1) ?? 'issued'];
        expect(tell(order)).toBe(furthest);
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends in the same state whether cancellation, failure or processing is reported before or after the arrival', () => {
    const ending = fc.constantFrom<UploadFact>('cancelled', 'pullFailed', 'processingFailed');
    const rest = fc.subarray<UploadFact>(['issued', 'uploadedForProcessing', 'processingStarted']);
    fc.assert(
      fc.property(ending, rest, fc.nat({ max: 3 }), (end, others, place) => {
        const facts = others.toSpliced(Math.min(place, others.length), 0, end);
        expect(tell(facts)).toBe(end === 'cancelled' ? 'cancelled' : 'failed');
      }),
    );
  });

  it('never goes back and never leaves a terminal state, for any facts in any order', () => {
    const rank = (state: UploadState) =>
      ({ issued: 0, uploaded: 1, processing: 2, ready: 3, failed: 3, deleted: 5 })[
        state as 'issued'
      ] ?? 4;
    fc.assert(
      fc.property(anyState, fc.array(anyFact), (start, facts) => {
        let state = start;
        for (const fact of facts) {
          const next = advanceUpload(state, fact);
          expect(next === state || rank(next) > rank(state)).toBe(true);
          const following = state === 'failed' ? ['deleted', 'rejected'] : ['deleted'];
          if (TERMINAL.includes(state)) expect([state, ...following]).toContain(next);
          state = next;
        }
      }),
    );
  });

  it('is idempotent: the same fact twice changes the state once', () => {
    fc.assert(
      fc.property(anyState, anyFact, (state, fact) => {
        const once = advanceUpload(state, fact);
        expect(advanceUpload(once, fact)).toBe(once);
        expect(advanceUpload(state, fact)).toBe(once);
      }),
    );
  });
});

describe('isFinished()', () => {
  it.each(UPLOAD_STATES)('returns whether an upload in state %s is finished', (state) => {
    expect(isFinished(state)).toBe(!['issued', 'uploaded', 'processing'].includes(state));
  });
});
