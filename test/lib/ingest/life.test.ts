import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planEvent } from '../../../lib/ingest/plan-event.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import { advanceUpload, isFinished, type UploadState } from '../../../lib/model/upload-state.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { encodeContext, NOWHERE } from '../../support/source-contexts.ts';

const UPLOAD_ID = '01ARYZ6S410000000000000000';
const SourceContext = encodeContext({ uploadId: UPLOAD_ID, owner: 'bob', method: 'pull' });
const MediaBasicInfo = { SourceInfo: { SourceType: 'Upload', SourceContext } };

/** What VOD reports about one upload, in order. */
interface Life {
  readonly events: readonly RawEvent[];
  readonly end: UploadState;
}

const arrivals = {
  NewFileUpload: (ProcedureTaskId: string) => ({
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId: '1', MediaBasicInfo, ProcedureTaskId },
  }),
  PullComplete: (ProcedureTaskId: string) => ({
    EventType: 'PullComplete',
    PullCompleteEvent: {
      ...{ TaskId: 'p-1', Status: 'FINISH', ErrCode: 0, FileId: '1', MediaBasicInfo },
      ProcedureTaskId,
    },
  }),
};

function step(Status: string, part: string): RawEvent {
  const MediaProcessResultSet = [
    { Type: 'Transcode', TranscodeTask: { Status: part, Input: { Definition: 20 } } },
  ];
  const ProcedureStateChangeEvent = {
    TaskId: 'proc-1',
    Status,
    FileId: '1',
    MediaProcessResultSet,
  };
  return { EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent };
}

const DELETED = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['1'] } };
const PARTS_DELETED = {
  EventType: 'FileDeleted',
  FileDeleteEvent: {
    FileIdSet: ['1'],
    FileDeleteResultInfo: [{ FileId: '1', DeleteParts: [{ Type: 'TranscodeFiles' }] }],
  },
};
const PULL_FAILED = {
  EventType: 'PullComplete',
  PullCompleteEvent: { TaskId: 'p-1', Status: 'FINISH', ErrCode: 60_000, SessionId: UPLOAD_ID },
};

const failedPull: fc.Arbitrary<Life> = fc.constant({ events: [PULL_FAILED], end: 'failed' });

const life: fc.Arbitrary<Life> = fc
  .record({
    arrival: fc.constantFrom(...Object.values(arrivals)),
    flow: fc.constantFrom(undefined, 'SUCCESS', 'FAIL'),
    steps: fc.boolean(),
    partsDeleted: fc.boolean(),
    deleted: fc.boolean(),
  })
  .map(({ arrival, flow, steps, partsDeleted, deleted }) => {
    const begun = flow !== undefined && steps ? [step('PROCESSING', 'PROCESSING')] : [];
    const ended = flow === undefined ? [] : [step('FINISH', flow)];
    return {
      events: [
        arrival(flow === undefined ? '' : 'proc-1'),
        ...[...begun, ...ended],
        ...(partsDeleted ? [PARTS_DELETED] : []),
        ...(deleted ? [DELETED] : []),
      ],
      end: deleted ? 'deleted' : flow === 'FAIL' ? 'failed' : 'ready',
    } as const;
  });

/** Returns each state of the upload as `bodies` are recorded in order. */
function live(bodies: readonly RawEvent[]): readonly UploadState[] {
  const known = new Set<string>();
  const states: UploadState[] = ['issued'];
  for (const body of bodies) {
    const received = receiveEvent(parseVodEvent(body), NOWHERE);
    const proof = body === PULL_FAILED ? { failedPull: UPLOAD_ID } : {};
    const record = planEvent(
      { ...received, ...proof },
      {
        ...NOWHERE,
        receivedAt: 0,
        confirmed: true,
        settings: NO_SETTINGS,
      },
    );
    if (known.has(record.eventId)) continue;
    known.add(record.eventId);
    for (const { fact } of record.changes) {
      states.push(advanceUpload(states.at(-1) ?? 'issued', fact));
    }
  }
  return states;
}

/** Some of these events, in any order, some of them repeated. */
const told = fc
  .oneof({ weight: 9, arbitrary: life }, { weight: 1, arbitrary: failedPull })
  .chain(({ events, end }) =>
    fc
      .array(fc.constantFrom(...events), { maxLength: 2 * events.length })
      .map((some) => ({ some, events, end })),
  );

describe('the events of an upload', () => {
  it('result in its final state in any order and with repetitions', () => {
    fc.assert(
      fc.property(
        told.chain(({ some, events, end }) =>
          fc
            .shuffledSubarray([...some, ...events], { minLength: some.length + events.length })
            .map((all) => ({ all, end })),
        ),
        ({ all, end }) => {
          expect(live(all).at(-1)).toBe(end);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('never change a terminal state except by a deletion, whatever event is lost', () => {
    fc.assert(
      fc.property(told, ({ some }) => {
        const states = live(some);
        for (const [index, state] of states.entries()) {
          const next = states[index + 1] ?? state;
          if (isFinished(state) && next !== state) expect(next).toBe('deleted');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never result in another terminal state', () => {
    fc.assert(
      fc.property(told, ({ some, events, end }) => {
        const reached = live(some).at(-1) ?? 'issued';
        // Media are ready, or their flow failed, before they are deleted.
        const before = live(events.filter((event) => event !== DELETED)).at(-1);
        if (isFinished(reached)) expect([end, before]).toContain(reached);
      }),
      { numRuns: 2_000 },
    );
  });

  it('have stable ids, so that repetitions are recognized', () => {
    fc.assert(
      fc.property(life, ({ events }) => {
        expect(live([...events, ...events])).toEqual(live(events));
      }),
    );
  });
});
