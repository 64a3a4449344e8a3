import { formatCount } from '../components/format.ts';
import type { PartFact } from '../facts/part-facts.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { countParts, type Upload } from './upload.ts';

/** The state in storage of a part, or of several as one. */
type PartState = 'missing' | 'uploading' | 'stored' | 'failed';

/** A cell of the grid. */
interface PartCell {
  readonly state: PartState;
  /** Whether it was in storage before this run began. */
  readonly isKept: boolean;
}

/** The parts as cells of a grid. */
interface PartCells {
  readonly cells: readonly PartCell[];
  readonly summary: string;
}

/** With more parts than this, a cell stands for several parts. */
const MAX_CELLS = 400;

/** Returns the parts of an upload from storage's answers, not from what the browser assumes. */
export function describeParts(upload: Upload, facts: ServerFacts): PartCells {
  const states = readStates(upload, facts);
  const perCell = Math.ceil(states.length / MAX_CELLS);
  const cells = Array.from({ length: Math.ceil(states.length / perCell) }, (_, index) => {
    const first = index * perCell;
    const state = mergeStates(states.slice(first, first + perCell));
    return { state, isKept: state === 'stored' && upload.kept.has(first + 1) };
  });
  return { cells, summary: summarize(states, upload.kept.size, perCell) };
}

function readStates(upload: Upload, facts: ServerFacts): PartState[] {
  const key = upload.applied?.key ?? '';
  const parts = facts.parts(key);
  const isAll = upload.stored || facts.isComplete(key);
  return Array.from({ length: countParts(upload.file?.size ?? 0) }, (_, index) =>
    isAll
      ? 'stored'
      : readState(parts.get(index + 1), upload.sent.get(index + 1), upload.phase === 'uploading'),
  );
}

function readState(
  fact: PartFact | undefined,
  sentAt: number | undefined,
  isSending: boolean,
): PartState {
  if (fact?.state === 'stored') return 'stored';
  // A pause or a reload interrupts bodies, which storage refuses, too; nothing was wrong with those parts.
  if (sentAt === undefined) return 'missing';
  if (isSending && sentAt >= (fact?.at ?? 0)) return 'uploading';
  return fact?.state ?? 'missing';
}

function mergeStates(states: readonly PartState[]): PartState {
  if (states.every((state) => state === 'stored')) return 'stored';
  if (states.includes('failed')) return 'failed';
  return states.some((state) => state !== 'missing') ? 'uploading' : 'missing';
}

function summarize(states: readonly PartState[], kept: number, perCell: number): string {
  const count = (wanted: PartState) => states.filter((state) => state === wanted).length;
  const facts = [`${count('stored')} of ${formatCount(states.length, 'part')} stored`];
  if (kept > 0) facts.push(`${kept} kept from before`);
  if (count('uploading') > 0) facts.push(`${count('uploading')} on the way`);
  if (count('failed') > 0) facts.push(`${count('failed')} refused`);
  facts.push(perCell > 1 ? `a cell is ${perCell} parts` : '8 MiB each');
  return facts.join(' · ');
}
