import { trustContexts } from '../config/context-config.ts';
import { ingestBatch } from '../ingest/ingest-batch.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { parseVodEvent, type RawEvent, type VodEvent, writeVodEvent } from '../vod/event.ts';
import { putEventAside } from './set-aside.ts';
import type { StepCounts } from './step-counts.ts';
import type { ApplicationRun } from './sweep-run.ts';

/** What recording needs of a sweep. */
type Recording = Pick<
  ApplicationRun,
  'subAppId' | 'applications' | 'ledger' | 'contexts' | 'settings' | 'now' | 'report'
>;

type RecordTally = StepCounts<'fresh' | 'setAside'>;

/**
 * Records what VOD itself has told, and sets aside what cannot be recorded for a reason of its own: afterwards all of
 * `events` are safe. Returns how many of them were not known before.
 *
 * @throws what the ledger throws where it is not about the events.
 */
export async function recordEvents(
  events: readonly VodEvent[],
  run: Recording,
  tally: RecordTally,
): Promise<number> {
  if (events.length === 0) return 0;
  try {
    return await recordBatch(events, run, tally);
  } catch (error) {
    if (!isItemFault(error)) throw error;
    const [event, ...others] = events;
    if (event === undefined || others.length === 0) {
      if (event !== undefined)
        await putEventAside({ raw: writeVodEvent(event), proven: true }, error, run, tally);
      return 0;
    }
  }
  // So few that fail cost the others few statements more.
  const middle = Math.ceil(events.length / 2);
  const first = await recordEvents(events.slice(0, middle), run, tally);
  return first + (await recordEvents(events.slice(middle), run, tally));
}

/** The same for events as they came, of which some may not be readable at all. */
export async function recordRawEvents(
  raws: readonly RawEvent[],
  run: Recording,
  tally: RecordTally,
): Promise<number> {
  const events: VodEvent[] = [];
  for (const raw of raws) {
    try {
      events.push(parseVodEvent(raw));
    } catch (error) {
      await putEventAside({ raw, proven: true }, error, run, tally);
    }
  }
  return recordEvents(events, run, tally);
}

async function recordBatch(
  events: readonly VodEvent[],
  { subAppId, applications: [own], ledger, contexts, settings, now }: Recording,
  tally: RecordTally,
): Promise<number> {
  const receivedAt = now();
  const origin = { subAppId, own, contexts: trustContexts(contexts, receivedAt) };
  const reception = { ...origin, receivedAt, confirmed: true, settings };
  const results = await ingestBatch(events, ledger, reception);
  const fresh = results.filter(({ recorded }) => recorded.fresh).length;
  tally.add('fresh', fresh);
  return fresh;
}
