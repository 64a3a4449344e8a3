import { expect, it } from 'vitest';
import type { EventRecord } from '../../../../lib/ledger/recording/event-record.ts';
import { splitRounds } from '../../../../lib/ledger/recording/event-record.ts';

const eventOf = (eventId: string, characters: number): EventRecord => ({
  ...{ eventId, eventType: 'vod.ProcedureStateChanged', confirmed: true, changes: [] },
  payload: { text: 'x'.repeat(characters) },
});
const split = (...sizes: readonly number[]) =>
  splitRounds(sizes.map((size, place) => eventOf(`evt_${place}`, size))).map(
    (round) => round.length,
  );

it('puts small events into one round', () => {
  expect(split(...Array.from({ length: 501 }, () => 2_000))).toEqual([500, 1]);
});

it.each([
  ['one', [3_000_000, 3_000_000, 3_000_000], [1, 1, 1]],
  ['as many as fit', [1_000_000, 1_000_000, 3_000_000, 5_900_000, 10, 10], [2, 1, 1, 2]],
  ['the only one', [5_900_000], [1]],
])('splits large events, %s per round', (_what, sizes, rounds) => {
  expect(split(...sizes)).toEqual(rounds);
});
