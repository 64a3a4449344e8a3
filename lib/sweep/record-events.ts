import { trustContexts } from '../config/context-config.ts';
import { takeEvents } from '../events/take-events.ts';
import { explainToOperator } from '../invocation.ts';
import type { VodEvent } from '../vod/event.ts';
import type { ApplicationRun } from './sweep-run.ts';
import type { Tally } from './tally.ts';

/** What recording needs of a sweep. */
type Recording = Pick<
  ApplicationRun,
  'subAppId' | 'applications' | 'ledger' | 'contexts' | 'settings' | 'now' | 'report'
>;

/** What recording came to. */
interface Recorded<Item> {
  /** Those that are recorded, known ones included. */
  readonly items: readonly Item[];
  /** How many of them were not known before. */
  readonly fresh: number;
}

/**
 * Records what VOD itself has told: all of `items`, unless there is one that cannot be, which does not keep the others
 * from it.
 *
 * What the ledger throws is thrown where nothing at all can be recorded.
 */
export async function recordEvents<Item extends { readonly event: VodEvent }>(
  items: readonly Item[],
  { subAppId, applications: [own], ledger, contexts, settings, now, report }: Recording,
  tally: Tally<'fresh'>,
): Promise<Recorded<Item>> {
  let fresh = 0;
  const record = async (batch: readonly Item[]) => {
    const events = batch.map(({ event }) => event);
    const receivedAt = now();
    const origin = { subAppId, own, contexts: trustContexts(contexts, receivedAt) };
    const reception = { ...origin, receivedAt, confirmed: true, settings };
    const results = await takeEvents(events, ledger, reception);
    const count = results.filter(({ recorded }) => recorded.fresh).length;
    fresh += count;
    tally.add('fresh', count);
  };
  if (items.length === 0) return { items, fresh };
  try {
    await record(items);
    return { items, fresh };
  } catch (error) {
    if (items.length === 1) throw error;
  }
  const recorded: Item[] = [];
  const failures: { readonly error: unknown; readonly item: Item }[] = [];
  for (const item of items) {
    await record([item]).then(
      () => recorded.push(item),
      (error: unknown) => failures.push({ error, item }),
    );
  }
  // Then it is not the events.
  if (recorded.length === 0) throw failures[0]?.error;
  for (const { error, item } of failures) {
    tally.fail(error);
    report({ ...explainToOperator(error), level: 'error', eventType: item.event.eventType });
  }
  return { items: recorded, fresh };
}
