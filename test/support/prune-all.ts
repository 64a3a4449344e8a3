import type { Ledger } from '../../lib/ledger/ledger.ts';
import { listPruned } from '../../lib/model/retention.ts';

/** Prunes everything in `ledger` that happened before `before`, in Unix milliseconds, and that can be pruned. */
export async function pruneAll(ledger: Pick<Ledger, 'pruning'>, before: number): Promise<void> {
  const pruning = await ledger.pruning();
  for (const [name] of listPruned()) {
    // What was pruned is removed at once.
    const until = name === 'prunedUploads' ? Date.UTC(9000, 0) : before;
    const criteria = { after: 0, before: until, deliveredBefore: before, withContent: false };
    const { rows } = await pruning.findPrunable(name, criteria);
    const keys = rows.map(({ key }) => key);
    if (keys.length > 0) await pruning.prune(name, keys, criteria);
  }
}
