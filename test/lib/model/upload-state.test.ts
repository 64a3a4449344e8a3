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

/** For each fact, the next state of `issued`, `uploaded`, `processing`, `ready`; the terminal ones have a rule. */
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

/** What a history is to end in when its furthest fact is this one. */
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
  )('makes $next of $state when told $fact', ({ state, fact, next }) => {
    expect(advanceUpload(state, fact)).toBe(next);
  });

  it.each(TERMINAL.flatMap((state) => UPLOAD_FACTS.map((fact) => ({ state, fact }))))(
    'leaves $state for nothing, but failed for rejected or deleted, when told $fact',
    ({ state, fact }) => {
      const isNews = state === 'failed' && (fact === 'deleted' || fact === 'rejected');
      expect(advanceUpload(state, fact)).toBe(isNews ? fact : state);
    },
  );

  it.each(['rejected', 'cancelled', 'expired'] as const)(
    'keeps %s when the file that was removed for it is told deleted',
    (state) => {
      expect(tell(['issued', state, 'uploaded', 'deleted'])).toBe(state);
    },
  );

  it('ends the same however the facts of one upload are ordered and repeated', () => {
    const history = fc
      .record({
        started: fc.subarray<UploadFact>(['processingStarted']),
        processed: fc.subarray<UploadFact>(['processingSucceeded', 'processingFailed'], {
          maxLength: 1,
        }),
        // A file that is rejected is removed for it, so that either is the end.
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

  it('ends the same whether a cancelled, failed or processed upload is told of before its arrival or after', () => {
    const ending = fc.constantFrom<UploadFact>('cancelled', 'pullFailed', 'processingFailed');
    const rest = fc.subarray<UploadFact>(['issued', 'uploadedForProcessing', 'processingStarted']);
    fc.assert(
      fc.property(ending, rest, fc.nat({ max: 3 }), (end, others, place) => {
        const facts = others.toSpliced(Math.min(place, others.length), 0, end);
        expect(tell(facts)).toBe(end === 'cancelled' ? 'cancelled' : 'failed');
      }),
    );
  });

  it('never goes back and never leaves an end, whatever is told in whatever order', () => {
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

  it('is not changed by being told the same twice, and answers the same to the same', () => {
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
  it.each(UPLOAD_STATES)('describes %s whether more is to come', (state) => {
    expect(isFinished(state)).toBe(!['issued', 'uploaded', 'processing'].includes(state));
  });
});
