import { beforeEach, expect, it } from 'vitest';
import { UPLOAD_STATES } from '../../../lib/model/upload-state.ts';
import { useLedger } from '../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
let time: number;
const { ledger, sql } = useLedger({ clock: { now: () => time } });

beforeEach(() => {
  time = START;
});

const at = (seconds: number) => new Date(START + seconds * 1_000);

it('counts the work that is due, with its oldest time', async () => {
  const none = { count: 0 };
  expect(await ledger.readBacklog()).toEqual({
    ...{ uploads: none, pulls: none, unconfirmed: none, notFannedOut: none, deliveries: none },
    ...{ pausedDeliveries: 0, pausedEndpoints: 0, deadDeliveries: 0, actions: none },
    ...{ deadActions: 0, deadItems: 0, lagMilliseconds: 0 },
  });
  // The first of each is the newest; finished ones are older than all.
  for (const [i, state] of UPLOAD_STATES.entries()) {
    const isOpen = ['issued', 'uploaded', 'processing'].includes(state);
    await sql`insert into uploads (upload_id, method, state, last_fact, created_at, updated_at)
      values (${state}, 'pull', ${state}, 'issued', ${at(isOpen ? 100 - i : 1)}, ${at(0)})`;
  }
  await sql`insert into pulls (upload_id, owner, request, next_attempt_at, claimed_until)
    values ('issued', 'a', '{}', ${at(20)}, null), ('ready', 'a', '{}', ${at(10)}, ${at(30)})`;
  await sql`insert into unconfirmed_events (event_id, raw, received_at, next_attempt_at, kept_by)
    values ('e1', '{}', ${at(42)}, ${at(1)}, 'k'), ('e2', '{}', ${at(41)}, ${at(1)}, 'k')`;
  for (const [id, isFannedOut, seconds] of [
    ['e1', true, 1],
    ['e2', false, 52],
    ['e3', false, 51],
  ] as const) {
    await sql`insert into events (event_id, event_type, payload, confirmed, received_at, recorded_by, fanned_out)
      values (${id}, 'vod.X', '{}', true, ${at(seconds)}, 'k', ${isFannedOut})`;
  }
  for (const [endpoint, state, enqueued, due] of [
    ...[['a', 'pending', 62, 72] as const, ['b', 'pending', 61, 71] as const],
    ...[
      ['paused', 'pending', 60, 70] as const,
      ['c', 'dead', 1, 1] as const,
      ['d', 'delivered', 1, 1] as const,
    ],
  ]) {
    await sql`insert into deliveries (event_id, endpoint, state, enqueued_at, next_attempt_at, updated_at)
      values ('e1', ${endpoint}, ${state}, ${at(enqueued)}, ${at(due)}, ${at(0)})`;
  }
  await sql`insert into endpoints (endpoint, disabled_at) values ('paused', ${at(0)}), ('a', null)`;
  for (const [kind, state, seconds] of [
    ['a', 'pending', 82],
    ['b', 'pending', 81],
    ['c', 'done', 1],
    ['d', 'dead', 1],
  ] as const) {
    await sql`insert into media_actions (file_id, kind, state, next_attempt_at, created_at, updated_at)
      values ('f', ${kind}, ${state}, ${at(1)}, ${at(seconds)}, ${at(0)})`;
  }
  for (const [id, state] of [
    ['a', 'dead'],
    ['b', 'dead'],
    ['c', 'failing'],
  ] as const) {
    await sql`insert into dead_items (kind, item_id, state, attempts, code, reason, first_failed_at, last_failed_at)
      values ('file', ${id}, ${state}, 1, 'x', 'x', ${at(0)}, ${at(0)})`;
  }

  time = START + 100_000;
  expect(await ledger.readBacklog()).toEqual({
    uploads: { count: 3, oldestAt: START + 98_000 },
    pulls: { count: 2, oldestAt: START + 20_000 },
    unconfirmed: { count: 2, oldestAt: START + 41_000 },
    notFannedOut: { count: 2, oldestAt: START + 51_000 },
    deliveries: { count: 2, oldestAt: START + 61_000 },
    ...{ pausedDeliveries: 1, pausedEndpoints: 1, deadDeliveries: 1 },
    actions: { count: 2, oldestAt: START + 81_000 },
    ...{ deadActions: 1, deadItems: 2, lagMilliseconds: 29_000 },
  });
});
