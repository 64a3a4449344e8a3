import { expect, it } from 'vitest';
import { ingestBatch } from '../../../lib/ingest/durable.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { NOWHERE } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';
import { deletion, upload } from './confirm-stage.ts';

const [OWN, ACME, GLOBEX] = [1_500_000_001, 1_500_000_002, 1_500_000_003];

const { ledger, sql } = useLedger({ targets: [{ id: 'https://consumer.example', events: ['*'] }] });

/** Records what an application reports; without confirmation, its files are recorded as absent. */
async function record(subAppId: number, events: readonly RawEvent[], confirmed = true) {
  const reception = { ...NOWHERE, own: OWN, subAppId, receivedAt: 0, settings: NO_SETTINGS };
  const announced: string[] = [];
  for (const event of events) {
    const how = confirmed ? { confirmed } : ({ confirmed, isAbsent: true } as const);
    const recorded = await ingestBatch([parseVodEvent(event)], ledger, { ...reception, ...how });
    announced.push(...recorded.flatMap((each) => each.recorded.announced));
  }
  return announced;
}

const ARRIVED = upload('1', { MediaBasicInfo: { Name: 'film' } });

it.each([
  ['a tenant', ACME, GLOBEX],
  ['the service itself', ACME, OWN],
  ['a tenant, after the service itself', OWN, GLOBEX],
])(
  'a file of %s that another application reported as deleted has an end of its own',
  async (_whose, other, holder) => {
    await ledger.noteAbsentArrival({ fileId: '1', source: {} }, other);
    await record(other, [upload('1')], false);
    const before = await record(other, [deletion(['1'])]);
    expect(before).toHaveLength(1);

    const after = await record(holder, [ARRIVED, deletion(['1'])]);

    expect(after.map((eventId) => eventId.replace(/.*_/, ''))).toEqual(['ready', 'deleted']);
    expect(after).not.toContain(before[0]);
    expect(await sql`select file_id, state, sub_app_id::integer from uploads`).toEqual([
      { file_id: '1', state: 'deleted', sub_app_id: holder },
    ]);
  },
);

it('such a file that VOD no longer has has an end of its own', async () => {
  await ledger.noteAbsentArrival({ fileId: '1', source: {} }, ACME);
  await record(ACME, [upload('1')], false);
  const before = await record(ACME, [deletion(['1'])]);
  expect(await ledger.removeAbsentUpload('1', GLOBEX)).toBe(true);

  const after = await record(GLOBEX, [ARRIVED, deletion(['1'])]);

  expect(after).toHaveLength(2);
  expect(after).not.toContain(before[0]);
});
