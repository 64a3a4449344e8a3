import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import { formatCount } from '../components/format.ts';
import type { PartFact } from '../facts/part-facts.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { countParts, type Upload } from './upload.ts';

type PartState = 'missing' | 'uploading' | 'stored' | 'failed';

/** More cells than this tell nothing more; then a cell stands for several parts. */
const MAX_CELLS = 400;

/** The grid of parts. */
export interface PartGrid {
  render(upload: Upload, facts: ServerFacts): void;
}

/** Builds the grid, which shows what storage answered and not what the browser believes. */
export function createPartGrid(): PartGrid {
  const block = byId('parts', HTMLDivElement);
  const grid = byId('part-grid', HTMLDivElement);
  const summary = byId('parts-summary', HTMLSpanElement);
  const cells: HTMLSpanElement[] = [];

  function resize(count: number): void {
    while (cells.length > count) cells.pop()?.remove();
    while (cells.length < count) {
      const cell = createElement('span', { class: 'part' });
      cells.push(cell);
      grid.append(cell);
    }
  }

  return {
    render(upload, facts) {
      setVisible(block, upload.applied !== null);
      if (upload.applied === null) return resize(0);
      const states = readStates(upload, facts);
      const perCell = Math.ceil(states.length / MAX_CELLS);
      resize(Math.ceil(states.length / perCell));
      grid.dataset['size'] = sizeOf(cells.length);
      for (const [index, cell] of cells.entries()) {
        const first = index * perCell;
        const state = mergeStates(states.slice(first, first + perCell));
        if (cell.dataset['state'] !== state) cell.dataset['state'] = state;
        const kept = String(state === 'stored' && upload.kept.has(first + 1));
        if (cell.dataset['kept'] !== kept) cell.dataset['kept'] = kept;
      }
      setText(summary, summarize(states, upload.kept.size, perCell));
    },
  };
}

function sizeOf(cells: number): string {
  if (cells <= 40) return 'large';
  return cells <= 150 ? 'medium' : 'small';
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
  // A pause or a reload also ends in a refusal, of a body that broke off; nothing was wrong with those parts.
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
