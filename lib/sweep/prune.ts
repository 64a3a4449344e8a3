import type { PrunablePage, PrunableQuery } from '../ledger/retention/pruning.ts';
import {
  listPruned,
  type PrunedName,
  type RetainedKind,
  type Retention,
} from '../model/retention.ts';
import type { StepCounts } from './step-counts.ts';
import { hasTime, type SweepRun } from './sweep-run.ts';

/** Counts of what was pruned; of an event, the id may have stayed. */
export const PRUNE_COUNTS = ['deliveries', 'events', 'keys', 'uploads', 'givenUp'] as const;

type PruneCounts = StepCounts<(typeof PRUNE_COUNTS)[number]>;

/** How long things are kept, and where they go afterwards. */
export interface PruneOptions {
  readonly retention: Retention;
  /** Stores what is about to be removed; nothing is removed before it resolves. Undefined if nothing is stored. */
  readonly exportRows: ExportRows | undefined;
}

/**
 * Stores rows of one kind, the last of which is of the time `until`, in Unix milliseconds. The same rows are stored in the
 * same place, so repeating it changes nothing.
 *
 * @throws if they could not be stored.
 */
export type ExportRows = (
  name: PrunedName,
  rows: readonly object[],
  until: number,
) => Promise<void>;

/** Longer than one statement and one export take. */
const LEASE_SECONDS = 60;

/** The longest time of a run for pruning, in milliseconds: the other work of a sweep is due, and this is not. */
const MAX_MILLISECONDS = 10_000;

/** After this time no statement runs any more that began before an upload was pruned. */
const REMOVAL_MILLISECONDS = 60_000;

/** Rows that could not be pruned when their turn came are looked at again after this time. */
const ROUND_MILLISECONDS = 24 * 60 * 60 * 1_000;

/**
 * Prunes what is older than its retention, in small steps: each reads the next rows by their time, and removes those with
 * which nothing is to be done any more. Only one sweep at a time prunes, and only with time that it has left.
 *
 * @throws the error of `exportRows`, before anything else is pruned.
 */
export async function prune(
  run: SweepRun,
  counts: PruneCounts,
  options: PruneOptions,
): Promise<void> {
  const { ledger, deadline } = run;
  const begun = deadline.left();
  const mayGoOn = () => hasTime(run) && begun - deadline.left() < MAX_MILLISECONDS;
  if (!mayGoOn() || !(await ledger.acquireLease('prune', LEASE_SECONDS))) return;
  try {
    // One page of each kind in turn, so that the first does not use up the time of the others.
    let turns = await openTurns(run, options.retention);
    while (turns.length > 0 && mayGoOn()) {
      turns = await takeTurns(turns, run, counts, { ...options, mayGoOn });
      await ledger.acquireLease('prune', LEASE_SECONDS);
    }
  } finally {
    await ledger.releaseLease('prune');
  }
}

/** One kind of rows, and how far it is pruned. */
interface Turn {
  readonly name: PrunedName;
  readonly kind: RetainedKind;
  readonly criteria: Omit<PrunableQuery, 'withContent'>;
}

async function openTurns(
  { ledger, clock }: SweepRun,
  retention: Retention,
): Promise<readonly Turn[]> {
  const present = clock.now();
  const cutoff = (kind: RetainedKind) => present - (retention[kind] ?? Number.POSITIVE_INFINITY);
  const turns: Turn[] = [];
  for (const [name, kind] of listPruned()) {
    if (cutoff(kind) <= 0) continue;
    const before = name === 'prunedUploads' ? present - REMOVAL_MILLISECONDS : cutoff(kind);
    const after = (await ledger.readWatermark(nameMark(name))) ?? 0;
    const deliveredBefore = Math.max(0, cutoff('deliveries'));
    turns.push({ name, kind, criteria: { after, before, deliveredBefore } });
  }
  return turns;
}

function nameMark(name: PrunedName): string {
  return `prune ${name}`;
}

/** Prunes a page of each; returns the turns of those that have more. */
async function takeTurns(
  turns: readonly Turn[],
  run: SweepRun,
  counts: PruneCounts,
  { exportRows, mayGoOn }: Pick<PruneOptions, 'exportRows'> & { readonly mayGoOn: () => boolean },
): Promise<readonly Turn[]> {
  const next: Turn[] = [];
  for (const turn of turns) {
    if (!mayGoOn()) return [];
    const after = await takeTurn(turn, run, counts, exportRows);
    if (after !== undefined) next.push(after);
  }
  return next;
}

/** Prunes a page; returns the next turn, or undefined if there is nothing more to prune. */
async function takeTurn(
  turn: Turn,
  run: SweepRun,
  counts: PruneCounts,
  exportRows: ExportRows | undefined,
): Promise<Turn | undefined> {
  const { name, kind, criteria } = turn;
  const { ledger } = run;
  const page = await (await ledger.pruning()).findPrunable(name, {
    ...criteria,
    withContent: exportRows !== undefined,
  });
  const count = await removePage(turn, page, run, exportRows);
  // Those were counted when they were pruned.
  if (name !== 'prunedUploads') counts.add(kind === 'dead' ? 'givenUp' : kind, count);
  if (page.isLast) return endTurn(turn, page, run);
  const after = page.until ?? criteria.after;
  await ledger.advanceWatermark(nameMark(name), after);
  return { ...turn, criteria: { ...criteria, after } };
}

async function removePage(
  { name, criteria }: Turn,
  { rows, until = 0 }: PrunablePage,
  { ledger }: SweepRun,
  exportRows: ExportRows | undefined,
): Promise<number> {
  if (rows.length === 0) return 0;
  const contents = rows.map(({ content = {} }) => content);
  if (name !== 'prunedUploads') await exportRows?.(name, contents, until);
  return (await ledger.pruning()).prune(
    name,
    rows.map(({ key }) => key),
    criteria,
  );
}

/**
 * Moves the mark to the end, or once a day to the beginning, where only rows are left that could not be pruned. Those of
 * deliveries go with their events: all events are still there.
 */
async function endTurn(
  { name, kind }: Turn,
  { until }: PrunablePage,
  { ledger, clock }: SweepRun,
): Promise<undefined> {
  if (until !== undefined) await ledger.advanceWatermark(nameMark(name), until);
  if (kind === 'deliveries') return;
  const round = `${nameMark(name)} round`;
  const begun = (await ledger.readWatermark(round)) ?? 0;
  if (clock.now() - begun < ROUND_MILLISECONDS) return;
  await ledger.resetWatermark(round, clock.now());
  await ledger.resetWatermark(nameMark(name), 0);
}
