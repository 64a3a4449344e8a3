import { formatCount } from '../components/format.ts';
import type { FileFacts } from '../facts/file-facts.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { isSuccess } from '../stack/recorded.ts';
import { storedParts } from './stored-parts.ts';
import { countParts, STAGES, type Stage, type Upload } from './upload.ts';

/** The content of one stage. */
export interface StageView {
  readonly state: 'waiting' | 'active' | 'done' | 'failed';
  readonly detail: string;
}

const waiting = (detail = ''): StageView => ({ state: 'waiting', detail });
const active = (detail: string): StageView => ({ state: 'active', detail });
const done = (detail: string): StageView => ({ state: 'done', detail });
const failed = (detail: string): StageView => ({ state: 'failed', detail });

/** Returns the state of each stage from what the browser did and the server reported. */
export function deriveStages(upload: Upload, facts: ServerFacts): Record<Stage, StageView> {
  const file = upload.fileId === null ? null : facts.file(upload.fileId);
  const views: Record<Stage, StageView> = {
    signature: deriveSignature(upload),
    apply: deriveApply(upload),
    upload: deriveUpload(upload, facts),
    commit: deriveCommit(upload),
    callback: deriveCallback(file),
    procedure: deriveProcedure(file),
  };
  if (upload.phase !== 'failed' && upload.phase !== 'cancelled') return views;
  return endStages(
    views,
    upload.phase === 'failed'
      ? failed(endDetail(upload))
      : waiting(upload.isGivenUp ? 'cancelled' : 'stopped'),
  );
}

/** The upload ended in the first active stage; later ones will not be reached. */
function endStages(views: Record<Stage, StageView>, end: StageView): Record<Stage, StageView> {
  const ended = { ...views };
  const [last, ...others] = STAGES.filter((stage) => views[stage].state === 'active');
  if (last !== undefined) ended[last] = end;
  for (const stage of others) ended[stage] = waiting();
  return ended;
}

function endDetail({ failure }: Upload): string {
  return failure === null || failure.code === '' ? 'failed' : failure.code;
}

function hasStarted({ phase }: Upload): boolean {
  return phase !== 'idle' && phase !== 'ready';
}

function deriveSignature(upload: Upload): StageView {
  const { signatures, failure } = upload;
  if (!hasStarted(upload)) return waiting();
  if (signatures.length === 0) return active('asking');
  if (failure?.isResumable === true) return active('');
  return done(`${signatures.length} issued`);
}

function deriveApply({ signatures, applied, setback }: Upload): StageView {
  if (applied !== null) return done(applied.region);
  if (signatures.length === 0) return waiting();
  return active(setback === '' ? 'finding the fastest region' : `retrying, ${setback}`);
}

function deriveUpload(upload: Upload, facts: ServerFacts): StageView {
  const { applied, stored, file, phase, setback, kept } = upload;
  if (applied === null) return waiting();
  const count = countParts(file?.size ?? 0);
  const before = kept.size === 0 ? '' : `, ${kept.size} kept from before`;
  if (stored) return done(`${formatCount(count, 'part')}${before}`);
  const arrived = storedParts(upload, facts).length;
  const progress = `${arrived} of ${formatCount(count, 'part')}`;
  if (phase === 'paused') return active(`paused, ${progress}`);
  return active(setback === '' ? progress : `renewing credentials, ${setback}`);
}

function deriveCommit({ stored, fileId, setback }: Upload): StageView {
  if (fileId !== null) return done('media made');
  if (!stored) return waiting();
  return active(setback === '' ? 'asking' : `retrying, ${setback}`);
}

function deriveCallback(file: FileFacts | null): StageView {
  if (file === null) return waiting();
  const sent = file.notifications.filter(({ eventType }) => eventType === 'NewFileUpload');
  const received = sent.filter(({ status }) => isSuccess(status)).length;
  if (received > 0) return done(received === 1 ? 'event received' : `received ${received} times`);
  const last = sent.at(-1);
  if (last === undefined) return active('waiting for the event');
  if (last.outcome === 'held') return active('held by a fault');
  return failed(
    last.status === undefined ? (last.error ?? 'no answer') : `refused with ${last.status}`,
  );
}

function deriveProcedure(file: FileFacts | null): StageView {
  const procedure = file?.procedure;
  if (procedure === undefined) return waiting(file === null ? '' : 'simulated');
  return procedure.status === 'FINISH' ? done('simulated') : active('simulated');
}
