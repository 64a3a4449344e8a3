import { expect } from 'vitest';
import { seen } from '../support/activities.ts';
import { OWN } from './bring.ts';
import { own, plain, RULE_OF } from './checks.ts';
import type { Proofs } from './proofs.ts';
import type { Arrived, Scene } from './scene.ts';
import type { Way } from './ways.ts';

const runsOwnFlow = own(({ event, flowEnd, flowName, upload }) => {
  expect(flowName).toBe(OWN.procedure);
  expect(flowEnd?.TaskId).toBe(event.ProcedureTaskId);
  expect(upload.state).toBe('ready');
});

const hasOwnSession = own(({ flowEnd, upload }) => {
  expect(flowEnd?.SessionContext).toBe(OWN.sessionContext);
  expect(upload.sessionContext).toBe(OWN.sessionContext);
});

const hasOwnSource = own(({ event, upload }) => {
  expect(event.MediaBasicInfo?.SourceInfo?.SourceContext).toBe(OWN.sourceContext);
  expect(upload.sourceContext).toBe(OWN.sourceContext);
});

/** Proofs of the table about processing. */
export const PROCESSING_PROOFS: Proofs = {
  'task flow': {
    'rule `procedure`': plain(({ event, flowEnd, flowName, upload, rules }, way) => {
      expect(event.ProcedureTaskId ?? '').toBe('');
      expect(flowName).toBe('LongVideoPreset');
      expect(flowEnd?.TaskId).toBe(upload.taskId);
      expect(upload).toMatchObject({ state: 'ready', procedure: 'LongVideoPreset' });
      expect(rules).toContain(RULE_OF[way].rule);
    }),
    page: runsOwnFlow,
    'SDK `Procedure`': runsOwnFlow,
    '`procedure`': runsOwnFlow,
  },
  'its priority': {
    'rule `taskPriority`': plain(({ flowEnd }, way) =>
      expect(flowEnd?.TasksPriority).toBe(RULE_OF[way].taskPriority),
    ),
    '`taskPriority`': own(({ flowEnd }) => expect(flowEnd?.TasksPriority).toBe(OWN.clientPriority)),
    '`tasksPriority`': own(({ flowEnd }) => expect(flowEnd?.TasksPriority).toBe(OWN.pullPriority)),
  },
  'when it notifies': {
    'rule `taskNotifyMode`': plain(tellsOfChanges),
    '`taskNotifyMode`': own(tellsOfChanges),
  },
  'context of its events': {
    'rule `sessionContext`': plain(({ flow, upload }, way) => {
      const { sessionContext } = RULE_OF[way];
      expect(flow.map(({ SessionContext }) => SessionContext)).toContain(sessionContext);
      expect(upload.sessionContext).toBe(sessionContext);
    }),
    'SDK `SessionContext`': hasOwnSession,
    '`sessionContext`': hasOwnSession,
  },
  "context of the upload's event": {
    'SDK `SourceContext`': hasOwnSource,
    '`sourceContext`': hasOwnSource,
  },
};

/** A flow that is set to report only its end would be reported once. */
function tellsOfChanges({ fileId, flow }: Arrived, _way: Way, { stack }: Scene): void {
  const notified = seen(stack, 'notification').filter(
    (sent) => sent.fileId === fileId && sent.eventType === 'ProcedureStateChanged',
  );
  expect(notified.length).toBeGreaterThan(1);
  expect(new Set(flow.map(({ TasksNotifyMode }) => TasksNotifyMode))).toEqual(new Set(['Change']));
}
