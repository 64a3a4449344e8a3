import { expect } from 'vitest';
import { seen } from '../support/activities.ts';
import { OWN } from './bring.ts';
import { own, plain, RULE_OF } from './checks.ts';
import type { Proofs } from './proofs.ts';
import type { Arrived, Scene } from './scene.ts';
import type { Way } from './ways.ts';

const runsOwnFlow = own(({ event, flow, flowName, upload }) => {
  expect(flowName).toBe(OWN.procedure);
  expect(flow.at(-1)?.TaskId).toBe(event.ProcedureTaskId);
  expect(upload.state).toBe('ready');
});

const hasOwnSession = own(({ flow, upload }) => {
  expect(flow.at(-1)?.SessionContext).toBe(OWN.sessionContext);
  expect(upload.sessionContext).toBe(OWN.sessionContext);
});

const hasOwnSource = own(({ event, upload }) => {
  expect(event.MediaBasicInfo?.SourceInfo?.SourceContext).toBe(OWN.sourceContext);
  expect(upload.sourceContext).toBe(OWN.sourceContext);
});

/** Proofs of the table about processing. */
export const PROCESSING_PROOFS: Proofs = {
  'task flow': {
    'rule `procedure`': plain(({ event, flow, flowName, upload, rules }, way) => {
      expect(event.ProcedureTaskId ?? '').toBe('');
      expect(flowName).toBe('LongVideoPreset');
      expect(flow.at(-1)).toMatchObject({ Status: 'FINISH', TaskId: upload.taskId });
      expect(upload).toMatchObject({ state: 'ready', procedure: 'LongVideoPreset' });
      expect(rules).toContain(RULE_OF[way].rule);
    }),
    page: runsOwnFlow,
    'SDK `Procedure`': runsOwnFlow,
    '`procedure`': runsOwnFlow,
  },
  'its priority': {
    'rule `taskPriority`': plain(({ flow }, way) =>
      expect(flow.at(-1)?.TasksPriority).toBe(RULE_OF[way].taskPriority),
    ),
    '`taskPriority`': own(({ flow }) =>
      expect(flow.at(-1)?.TasksPriority).toBe(OWN.clientPriority),
    ),
    '`tasksPriority`': own(({ flow }) => expect(flow.at(-1)?.TasksPriority).toBe(OWN.pullPriority)),
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
